#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/terminal.h"
#include "tritium/debug.hpp"

namespace tritium::cli {
namespace {

struct LogitsOptions {
  ModelOptions model;
  std::string tokens;
  std::string output;
};

int logits(const LogitsOptions& options) {
  catch_interrupt();
  const Result<std::vector<int32_t>> tokens = parse_tokens(options.tokens);
  if (!tokens.ok()) return report(tokens.status());
  const Status apart = check_output(options.output, {options.model.model, options.model.load.adapter});
  if (!apart.ok()) return report(apart);
  const Result<LoadedModel> loaded = load(options.model);
  if (!loaded.ok()) return report(loaded.status());
  const auto n = static_cast<int64_t>(tokens->size());
  Result<Session> session = loaded->model.create_session({.context = std::min(n, loaded->model.info().context_length),
                                                          .activations = options.model.activations,
                                                          .kv = options.model.kv,
                                                          .keep_going = keep_going});
  if (!session.ok()) return report(session.status());
  const Result<std::vector<float>> values = session->evaluate_all(*tokens, keep_going);
  if (!values.ok()) return report(values.status());
  const int64_t shape[] = {n, loaded->model.info().vocab_size};
  if (const Status written = write_npy(options.output, *values, shape); !written.ok()) return report(written);
  std::fprintf(stderr, "%s: float32 [%lld, %lld] on %s\n", options.output.c_str(), static_cast<long long>(shape[0]),
               static_cast<long long>(shape[1]), loaded->runtime.backend().c_str());
  return kOk;
}

}  // namespace

void add_logits(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("logits", "write the logits after each token of a sequence to a .npy file");
  auto options = std::make_shared<LogitsOptions>();
  add_model_options(*command, options->model);
  command->add_option("--tokens", options->tokens, "token ids: \"1 403 7\"")->required();
  command->add_option("-o,--output", options->output, "float32 .npy file, [tokens, vocabulary]")->required();
  command->add_option("--compare", options->model.debug.compare_with,
                      "run this backend beside, operation by operation; stop at the first difference");
  command->add_option("--dump-dir", options->model.debug.compare_dump_dir, "where --compare leaves differing tensors")
      ->capture_default_str();
  command->footer(
      "Example:\n"
      "  tritium logits model.gguf --tokens \"1 403 407\" -o logits.npy --activations f32");
  command->callback([=, &action] { action = [options] { return logits(*options); }; });
}

}  // namespace tritium::cli
