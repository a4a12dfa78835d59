// `tritium experiment …`: studies that compare ways to train; and what belongs to them (experiments.h).
#include <nlohmann/json.hpp>

#include "cli/experiments.h"
#include "cli/print_json.h"
#include "cli/terminal.h"
#include "tritium/experiment.hpp"
#include "tritium/training.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct CompareOptions {
  QuantCompareOptions study;
  std::vector<int64_t> widths;
  std::string schedule = "constant";
  bool json = false;
};

// "2.6463 ± 0.1572"; one seed has no deviation.
std::string text_of(const MeanAndDeviation& m, int64_t seeds, int digits) {
  char text[64];
  if (seeds > 1) {
    std::snprintf(text, sizeof text, "%.*f ± %.*f", digits, m.mean, digits, m.deviation);
  } else {
    std::snprintf(text, sizeof text, "%.*f", digits, m.mean);
  }
  return text;
}

void print_rows(const char* title, const std::vector<QuantCompareRow>& rows, int64_t seeds) {
  print_format("%s\n%-16s %5s %10s  %-17s  %-17s  %-17s  %s\n", title, "", "width", "packed", "train nats",
               "valid nats", "perplexity", "bits/byte");
  for (const QuantCompareRow& r : rows) {
    const auto column = [seeds](const MeanAndDeviation& m, int digits) { return text_of(m, seeds, digits); };
    // The sign takes two bytes and one column.
    const int width = seeds > 1 ? 18 : 17;
    print_format("%-16s %5lld %10s  %-*s  %-*s  %-*s  %s\n", r.name.c_str(), static_cast<long long>(r.dim),
                 human_bytes(r.model_bytes).c_str(), width, column(r.train_loss, 4).c_str(), width,
                 column(r.valid_loss, 4).c_str(), width, column(r.perplexity, 3).c_str(),
                 column(r.bits_per_byte, 4).c_str());
  }
}

json json_of(const MeanAndDeviation& m) { return {{"mean", m.mean}, {"deviation", m.deviation}}; }

json json_of(const std::vector<QuantCompareRow>& rows) {
  json list = json::array();
  for (const QuantCompareRow& r : rows)
    list.push_back({{"name", r.name},
                    {"dim", r.dim},
                    {"model_bytes", r.model_bytes},
                    {"train_loss", json_of(r.train_loss)},
                    {"valid_loss", json_of(r.valid_loss)},
                    {"perplexity", json_of(r.perplexity)},
                    {"bits_per_byte", json_of(r.bits_per_byte)}});
  return list;
}

int sweep(const CompareOptions& options) {
  const Result<std::vector<QuantCompareRow>> rows = quant_compare_widths(options.study, options.widths);
  if (!rows.ok()) return report(rows.status());
  if (options.json) {
    print_json({{"by_width", json_of(*rows)}});
  } else {
    print_rows("every way at every width, equal steps", *rows, options.study.seeds);
  }
  return kOk;
}

int compare(CompareOptions options) {
  catch_interrupt();
  TrainOptions training;
  const Status known = set_train_option(training, "schedule", {options.schedule});
  if (!known.ok()) return report(known);
  options.study.schedule = training.schedule;
  options.study.progress = [](const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    return !interrupted();
  };
  options.study.keep_going = keep_going;
  if (!options.widths.empty()) return sweep(options);
  const Result<QuantCompareReport> report_of_study = quant_compare(options.study);
  if (!report_of_study.ok()) return report(report_of_study.status());
  const QuantCompareReport& r = *report_of_study;
  bool active = !r.checks.empty();
  for (const ActivityCheck& check : r.checks) active = active && check.passed;
  if (options.json) {
    json checks = json::array();
    for (const ActivityCheck& c : r.checks)
      checks.push_back({{"what", c.what}, {"found", c.found}, {"passed", c.passed}});
    print_json({{"equal_steps", json_of(r.equal_steps)}, {"equal_bytes", json_of(r.equal_bytes)}, {"checks", checks}});
  } else {
    const int64_t seeds = options.study.seeds;
    print_rows(seeds > 1 ? "the same transformer, equal steps (mean ± standard deviation over the seeds)"
                         : "the same transformer, equal steps",
               r.equal_steps, seeds);
    print_rows("\nas large as the ternary one when packed, equal steps", r.equal_bytes, seeds);
    print("\nis the ternary model's quantisation real?\n");
    for (const ActivityCheck& c : r.checks)
      print_format("%s %s: %s\n", c.passed ? "yes" : "NO ", c.what.c_str(), c.found.c_str());
  }
  return active ? kOk : kFailed;
}

}  // namespace

void add_experiment(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("experiment", "golf, studies, quant-compare; artifacts: pack, unpack");
  command->require_subcommand(1);
  CLI::App* study =
      command->add_subcommand("quant-compare", "full precision, int8, int4 and ternary on the same batches");
  auto options = std::make_shared<CompareOptions>();
  study->add_option("--data", options->study.data, "text files; without any, a short text that comes with the program");
  study->add_option("--seeds", options->study.seeds, "runs of each kind")->capture_default_str();
  study->add_option("--widths", options->widths, "all of them at each of these widths, in place of one");
  study->add_flag("--smoke", options->study.smoke, "a smaller model and fewer steps: about a minute");
  study->add_option("--steps", options->study.steps, "0: 1500, or 150 with --smoke")->capture_default_str();
  study->add_option("--lr", options->study.learning_rate, "learning rate")->capture_default_str();
  study->add_option("--schedule", options->schedule, "constant, linear, cosine, wsd")->capture_default_str();
  study->add_option("--threads", options->study.threads, "0: all")->capture_default_str();
  study->add_flag("--json", options->json, "everything as JSON");
  study->footer(
      "Example:\n"
      "  tritium experiment quant-compare --smoke --seeds 4\n"
      "  tritium experiment quant-compare --data book.txt --widths 64 128 256 --seeds 3\n"
      "Exit code 1 when a check finds that the quantisation is not real.");
  study->callback([=, &action] { action = [options] { return compare(*options); }; });
  add_golf(*command, action);
  add_study(*command, action);
  add_pack(*command, action);
  add_unpack(*command, action);
}

}  // namespace tritium::cli
