#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/written_model.h"

namespace tritium::cli {
namespace {

struct Options {
  std::string input;
  ConvertOptions convert;
  QuantizeOptions quantize;
  bool json = false;
  bool tensors = false;
};

void add_common(CLI::App& command, const std::shared_ptr<Options>& options, std::string& output) {
  command.add_option("-o,--output", output, "the GGUF file to write")->required();
  command.add_flag("--tensors", options->tensors, "list every tensor");
  command.add_flag("--json", options->json, "everything as JSON");
}

// `run` is given a progress function.
template <typename Run>
int write(const Options& options, const std::string& output, const char* verb, const Run& run) {
  catch_interrupt();
  Result<WrittenModel> written = Status(StatusCode::internal, "nothing was written");
  {
    ProgressLine line(verb + (" " + options.input));
    written = run([&line](double fraction) {
      line.show(fraction);
      return !interrupted();
    });
  }
  if (!written.ok()) return report(written.status());
  print_written(*written, output, options.json, options.tensors);
  return kOk;
}

}  // namespace

void add_convert(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("convert", "write a Hugging Face folder as a GGUF file");
  auto options = std::make_shared<Options>();
  command->add_option("DIR", options->input, "folder with config.json and safetensors files")->required();
  command->add_option("--type", options->convert.type,
                      "of ternary tensors: tq1_0 | tq2_0 | q2_0 | pq2_0 | ptq1_0 | i2_s (default: for each tensor the "
                      "smallest that holds it exactly)");
  add_common(*command, options, options->convert.output);
  command->footer(
      "What is not ternary is kept as it is. Memory does not grow with the model; the file appears when it is whole.\n"
      "Example:\n"
      "  tritium convert Falcon-E-1B-Instruct -o falcon-e-1b.gguf");
  command->callback([=, &action] {
    action = [options] {
      return write(*options, options->convert.output, "converting", [&](const auto& progress) {
        ConvertOptions o = options->convert;
        o.progress = progress;
        o.keep_going = keep_going;
        return convert_model(options->input, o);
      });
    };
  });
}

void add_quantize(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("quantize", "write a model with tensors in other types");
  auto options = std::make_shared<Options>();
  QuantizeOptions& q = options->quantize;
  command->add_option("IN", options->input, "model: a .gguf file, any part of a split one, or a folder")->required();
  const char* dense = "f32 | f16 | bf16 | q8_0 | q4_0 | q4_k | q6_k";
  const std::string any = std::string("as --head, or a ternary type: tq1_0 | tq2_0 | q2_0 | pq2_0 | ptq1_0 | i2_s");
  command->add_option("--head", q.head, dense);
  command->add_option("--embedding", q.embedding, any);
  command->add_option("--attention", q.attention, any);
  command->add_option("--ffn", q.feed_forward, "of dense feed-forward layers: " + any);
  command->add_option("--experts", q.experts, any);
  command->add_option("--router", q.router, "f32 | f16 | bf16");
  command->add_option("--norm", q.norm, "f32 | f16 | bf16");
  command->add_flag("--absmean", q.round_to_trits,
                    "where a ternary type is asked for, round floats to trits by the mean magnitude of each row; a row "
                    "that is trits already stays");
  add_common(*command, options, q.output);
  command->footer(
      "Tensors without an option stay as they are. Errors are those of the values against IN.\n"
      "Example:\n"
      "  tritium quantize model.gguf -o small.gguf --experts tq1_0 --attention tq2_0 --head q4_k --embedding q8_0");
  command->callback([=, &action] {
    action = [options] {
      return write(*options, options->quantize.output, "quantizing", [&](const auto& progress) {
        QuantizeOptions o = options->quantize;
        o.progress = progress;
        o.keep_going = keep_going;
        return quantize_model(options->input, o);
      });
    };
  });
}

}  // namespace tritium::cli
