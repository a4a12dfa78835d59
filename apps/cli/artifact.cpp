// `tritium experiment pack` and `unpack`: a model in as few bytes as it takes, with the code beside it under a limit.
#include <filesystem>
#include <map>

#include "cli/experiments.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "tritium/artifact.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model;
  PackOptions pack;
  uint64_t limit = 0, code_bytes = 0;
  std::vector<std::string> code;
  bool limited = false, json = false;
};

json to_json(const PackedModel& p, const Options& o) {
  json streams = json::array();
  for (const PackedStream& s : p.streams) {
    json tried = json::object();
    for (const PackingTried& t : s.tried) tried[t.packing] = t.bytes;
    streams.push_back({{"kind", s.kind},
                       {"type", s.type},
                       {"part", s.part},
                       {"packing", s.packing},
                       {"radix", s.radix},
                       {"weights", s.weights},
                       {"raw_bytes", s.raw_bytes},
                       {"packed_bytes", s.packed_bytes},
                       {"bytes", s.bytes},
                       {"entropy_bytes", s.entropy_bytes},
                       {"tried", tried}});
  }
  return {{"output", o.pack.output},
          {"written", p.fits},
          {"artifact_bytes", p.artifact_bytes},
          {"model_bytes", p.model_bytes},
          {"code_bytes", p.code_bytes},
          {"total_bytes", p.total_bytes()},
          {"limit_bytes", o.limited ? json(o.limit) : json()},
          {"weights", p.weights},
          {"bits_per_weight", p.bits_per_weight()},
          {"streams", streams}};
}

struct Row {
  int64_t weights = 0;
  uint64_t raw = 0, packed = 0, bytes = 0;

  void add(const PackedStream& s) {
    weights += s.weights, raw += s.raw_bytes, packed += s.packed_bytes, bytes += s.bytes;
  }
};

void print_row(const std::string& name, const Row& r) {
  print_format("%-13s %13lld %13llu %13llu %13llu", name.c_str(), static_cast<long long>(r.weights),
               static_cast<unsigned long long>(r.raw), static_cast<unsigned long long>(r.packed),
               static_cast<unsigned long long>(r.bytes));
  if (r.weights > 0) print_format(" %11.4f", 8 * static_cast<double>(r.bytes) / static_cast<double>(r.weights));
  print("\n");
}

void show(const PackedModel& p) {
  std::map<std::string, Row> rows;
  Row all;
  for (const PackedStream& s : p.streams) {
    rows[s.kind].add(s);
    all.add(s);
  }
  print_format("%-13s %13s %13s %13s %13s %11s\n", "", "weights", "GGUF bytes", "packed bytes", "bytes", "bits/weight");
  for (const char* kind :
       {"embedding", "attention", "feed-forward", "experts", "router", "norms", "head", "other", "metadata"})
    if (rows.contains(kind)) print_row(kind, rows[kind]);
  print_row("all", all);
}

// What the rule is about.
std::string sum_of(const PackedModel& p, const Options& o) {
  std::string text = "artifact " + std::to_string(p.artifact_bytes) + " + code " + std::to_string(p.code_bytes) +
                     " = " + std::to_string(p.total_bytes()) + " bytes";
  if (!o.limited) return text;
  const uint64_t total = p.total_bytes();
  text += ", limit " + std::to_string(o.limit) + ": ";
  return text +
         (total <= o.limit ? std::to_string(o.limit - total) + " left" : std::to_string(total - o.limit) + " too many");
}

Result<uint64_t> bytes_of_code(const std::vector<std::string>& paths) {
  uint64_t bytes = 0;
  for (const std::string& path : paths) {
    std::error_code problem;
    const bool regular = std::filesystem::is_regular_file(path_of(path), problem);
    const uint64_t size = regular ? std::filesystem::file_size(path_of(path), problem) : 0;
    if (problem) return Status(StatusCode::io_error, path + ": cannot be read: " + problem.message());
    if (!regular) return Status(StatusCode::io_error, path + ": is no file; --code names the files that count");
    bytes += size;
  }
  return bytes;
}

int pack(Options o) {
  catch_interrupt();
  const Result<uint64_t> code = bytes_of_code(o.code);
  if (!code.ok()) return report(code.status());
  o.pack.code_bytes = *code + o.code_bytes;
  if (o.limited) o.pack.limit = o.limit;
  o.pack.keep_going = keep_going;
  Result<PackedModel> packed = Status(StatusCode::internal, "nothing was packed");
  {
    ProgressLine line("packing " + o.model);
    o.pack.progress = [&line](double fraction) {
      line.show(fraction);
      return !interrupted();
    };
    packed = pack_model(o.model, o.pack);
  }
  if (!packed.ok()) return report(packed.status());
  if (o.json) {
    print_json(to_json(*packed, o));
  } else {
    show(*packed);
    print_format("%s: %s\n", printable(o.pack.output).c_str(), sum_of(*packed, o).c_str());
  }
  if (packed->fits) return kOk;
  report(Status(StatusCode::unsupported, o.pack.output + ": is not written: " + sum_of(*packed, o)));
  return kFailed;
}

int unpack(const std::string& artifact, UnpackOptions options) {
  catch_interrupt();
  options.keep_going = keep_going;
  Result<uint64_t> bytes = Status(StatusCode::internal, "nothing was unpacked");
  {
    ProgressLine line("unpacking " + artifact);
    options.progress = [&line](double fraction) {
      line.show(fraction);
      return !interrupted();
    };
    bytes = unpack_model(artifact, options);
  }
  if (!bytes.ok()) return report(bytes.status());
  print_format("%s: %llu bytes\n", printable(options.output).c_str(), static_cast<unsigned long long>(*bytes));
  return kOk;
}

}  // namespace

void add_pack(CLI::App& experiment, Action& action) {
  CLI::App* command = experiment.add_subcommand("pack", "a model in as few bytes as it takes; unpack gives it back");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model in one GGUF file")->required();
  command->add_option("-o,--output", options->pack.output, "the artifact to write")->required();
  CLI::Option* limit = command
                           ->add_option("--limit", options->limit,
                                        "most bytes (decimal: 16000000) of artifact and code; with more nothing is "
                                        "written, exit code 1")
                           ->check(CLI::NonNegativeNumber);
  command->add_option("--code", options->code, "files whose sizes count as code");
  command->add_option("--code-bytes", options->code_bytes, "bytes of code, beside those files")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--level", options->pack.level, "of zstd, 1 (fast) to 22 (small)")->capture_default_str();
  command->add_flag("--json", options->json, "everything as JSON");
  command->footer(
      "Codes are packed at their real width, scales and floats by the significance of their bytes, in the order that\n"
      "zstd makes smallest. Nothing is lost: unpack writes the same file, byte for byte.\n"
      "Examples:\n"
      "  tritium experiment pack model.gguf -o A.tpk --limit 16000000 --code train.py tokenizer.model\n"
      "  tritium experiment unpack A.tpk -o model.gguf");
  command->callback([=, &action] {
    options->limited = limit->count() > 0;
    action = [options] { return pack(*options); };
  });
}

void add_unpack(CLI::App& experiment, Action& action) {
  struct Unpack {
    std::string artifact;
    UnpackOptions options;
  };
  CLI::App* command = experiment.add_subcommand("unpack", "the model of an artifact, as the file that was packed");
  auto unpacked = std::make_shared<Unpack>();
  command->add_option("ARTIFACT", unpacked->artifact, "what pack wrote")->required();
  command->add_option("-o,--output", unpacked->options.output, "the GGUF file to write")->required();
  command->footer(
      "Example:\n"
      "  tritium experiment unpack A.tpk -o model.gguf");
  command->callback([=, &action] { action = [unpacked] { return unpack(unpacked->artifact, unpacked->options); }; });
}

}  // namespace tritium::cli
