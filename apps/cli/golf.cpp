// `tritium experiment golf`: a preset from a text to an evaluated artifact.
#include <nlohmann/json.hpp>

#include "cli/experiments.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include "tritium/experiment.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct Options {
  GolfOptions golf;
  bool json = false;
};

json to_json(const GolfResult& r) {
  json mismatches = json::array();
  for (const GolfMismatch& m : r.mismatches)
    mismatches.push_back(
        {{"name", m.name}, {"what", m.what}, {"exported_bpb", m.exported_bpb}, {"cost_bpb", m.cost_bpb}});
  return {{"preset", r.preset},
          {"transformer", json::parse(r.transformer)},
          {"settings", json::parse(r.options)},
          {"train_bpb", r.train_bpb},
          {"valid_bpb", r.valid_bpb},
          {"exported_bpb", r.exported_bpb},
          {"gap_bpb", r.gap_bpb()},
          {"artifact_bytes", r.artifact_bytes},
          {"artifact_limit", r.artifact_limit},
          {"fits", r.fits()},
          {"model_bytes", r.model_bytes},
          {"parameters", r.parameters},
          {"active_parameters", r.active_parameters},
          {"vocab_size", r.vocab_size},
          {"steps", r.steps},
          {"train_tokens", r.train_tokens},
          {"valid_tokens", r.valid_tokens},
          {"valid_bytes", r.valid_bytes},
          {"seconds", r.seconds},
          {"tokens_per_second", r.tokens_per_second},
          {"mismatches", mismatches}};
}

void show(const GolfResult& r) {
  print_format("%s\n%s\n", r.preset.c_str(), r.transformer.c_str());
  print_format("%llu weights, %llu used by a token; %lld steps in %.1f s, %.0f tokens/s\n",
               static_cast<unsigned long long>(r.parameters), static_cast<unsigned long long>(r.active_parameters),
               static_cast<long long>(r.steps), r.seconds, r.tokens_per_second);
  print_format("bits/byte  trained on %.4f  held out %.6f  exported %.6f  gap %+.2e\n", r.train_bpb, r.valid_bpb,
               r.exported_bpb, r.gap_bpb());
  print_format("artifact   %llu bytes of %llu: %s\n", static_cast<unsigned long long>(r.artifact_bytes),
               static_cast<unsigned long long>(r.artifact_limit), r.fits() ? "fits" : "TOO MANY");
  if (!r.mismatches.empty()) print_format("%-24s %12s %12s\n", "mismatch", "bits/byte", "cost");
  for (const GolfMismatch& m : r.mismatches)
    print_format("%-24s %12.6f %+12.6f  %s\n", m.name.c_str(), m.exported_bpb, m.cost_bpb, m.what.c_str());
}

int run(Options o) {
  catch_interrupt();
  o.golf.keep_going = keep_going;
  o.golf.log = log_sink(false);
  Result<GolfResult> result = Status(StatusCode::internal, "nothing was run");
  {
    ProgressLine line(o.golf.preset);
    o.golf.progress = [&line](const std::string&, double fraction) {
      line.show(fraction);
      return !interrupted();
    };
    result = golf(o.golf);
  }
  if (!result.ok()) return report(result.status());
  if (o.json) {
    print_json(to_json(*result));
  } else {
    show(*result);
  }
  return kOk;
}

std::string list_of(const std::vector<ExportFault>& faults) {
  std::string text;
  for (const ExportFault& f : faults) text += "  " + f.name + std::string(24 - f.name.size(), ' ') + f.what + "\n";
  return text;
}

}  // namespace

void add_golf(CLI::App& experiment, Action& action) {
  CLI::App* command = experiment.add_subcommand("golf", "a small language model under a limit of bytes");
  auto options = std::make_shared<Options>();
  GolfOptions& g = options->golf;
  std::string names;
  for (const GolfPreset& p : golf_presets()) names += (names.empty() ? "" : ", ") + p.name;
  command->add_option("--preset", g.preset, names)->required();
  command->add_option("--data", g.data, "texts to learn")->required();
  command->add_option("--valid", g.valid_data, "held-out texts; without them the end of the data");
  command->add_option("--valid-bytes", g.valid_bytes, "most bytes of them that are scored")->capture_default_str();
  command->add_flag("--smoke", g.smoke, "a tiny model and a few steps: seconds");
  command->add_option("--scale", g.scale, "of the published 16,000,000 bytes; 1: its sizes, for GPUs")
      ->capture_default_str();
  command->add_option("--vocab", g.vocab_size, "tokens, learned from the text; 0: 1024, with --smoke 384")
      ->capture_default_str();
  command->add_option("--steps", g.steps, "of training")->capture_default_str();
  command->add_option("--minutes", g.minutes, "of training, without --steps; 0: 10")->capture_default_str();
  command->add_option("--seed", g.seed, "of weights and batches")->capture_default_str();
  command->add_option("--mismatch", g.mismatches, "a fault of published designs, see below; again for more");
  command->add_option("--backend", g.backend, "cpu, vulkan, vulkan:INDEX, reference")->capture_default_str();
  command->add_option("--threads", g.threads, "0: all")->capture_default_str();
  command->add_option("-o,--output", g.folder, "folder for vocabulary, model and artifact; else none is kept");
  command->add_flag("--json", options->json, "everything as JSON");
  command->footer("Mismatches, each alone against the same run without it:\n" + list_of(golf_mismatches()) +
                  "Example:\n"
                  "  tritium experiment golf --preset int4-mlp-11l --data book.txt --minutes 5 --mismatch scale-floor");
  command->callback([=, &action] { action = [options] { return run(*options); }; });
}

}  // namespace tritium::cli
