// Speed as a fraction of what this machine can do: rows of the engine's own, or model files.
#include <nlohmann/json.hpp>

#include "cli/bench_models.h"
#include "cli/commands.h"
#include "cli/model_options.h"
#include "cli/print_json.h"
#include "cli/system.h"
#include "cli/terminal.h"
#include "tritium/bench.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

struct RowOptions {
  std::string filter;
  std::vector<int> threads;
  int rounds = 3;
  std::string rung;
};

// What is 0 does not apply.
json or_null(double value) { return value > 0 ? json(value) : json(); }
json or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }

json to_json(const BenchReport& report) {
  const BenchMachine& m = report.machine;
  json machine = {{"processor", m.processor}, {"processors", m.processors}, {"rung", m.rung},
                  {"rungs", m.rungs},         {"free_bytes", m.free_bytes}, {"left_out", json::array()}};
  for (const LeftOut& left : report.left_out)
    machine["left_out"].push_back({{"name", left.name}, {"reason", left.reason}});
  json limits = json::array(), rows = json::array();
  for (const MachineLimit& l : report.limits)
    limits.push_back({{"name", l.name},
                      {"threads", l.threads},
                      {"bytes", l.bytes > 0 ? json(l.bytes) : json()},
                      {"gb_s", or_null(l.gb_s)},
                      {"gop_s", or_null(l.gop_s)}});
  for (const BenchRow& row : report.rows)
    rows.push_back({{"name", row.name},
                    {"threads", row.threads},
                    {"n", row.n},
                    {"gb_s", or_null(row.gb_s)},
                    {"gop_s", or_null(row.gop_s)},
                    {"tokens_s", or_null(row.tokens_s)},
                    {"fraction_of_limit", or_null(row.fraction_of_limit)}});
  return {{"machine", machine}, {"limits", limits}, {"rows", rows}};
}

std::string column(const std::optional<double>& value, int decimals) {
  char text[32] = "";
  if (value) std::snprintf(text, sizeof text, "%.*f", *value < 10 ? std::max(decimals, 2) : decimals, *value);
  return text;
}

void print_heading() {
  print_format("%-52s %7s %8s %9s %10s %9s %9s\n", "", "threads", "GB/s", "Gop/s", "tokens/s", "MB/token", "of limit");
}

void print_row(const BenchRow& row) {
  // Of decoding: what is read for a token.
  std::optional<double> bytes;
  if (row.gb_s && row.tokens_s) bytes = 1e3 * *row.gb_s / *row.tokens_s;
  print_format("%-52s %7d %8s %9s %10s %9s %9s\n", row.name.c_str(), row.threads, column(row.gb_s, 1).c_str(),
               column(row.gop_s, 0).c_str(), column(row.tokens_s, 1).c_str(), column(bytes, 1).c_str(),
               column(row.fraction_of_limit, 2).c_str());
}

void print_limits(const BenchReport& report) {
  print_format("\nLimits of %s, rung %s:\n", report.machine.processor.c_str(), report.machine.rung.c_str());
  for (const MachineLimit& l : report.limits)
    print_format("%-52s %7d %8s %9s\n", l.name.c_str(), l.threads, l.gb_s > 0 ? column(l.gb_s, 1).c_str() : "",
                 l.gop_s > 0 ? column(l.gop_s, 0).c_str() : "");
  for (const LeftOut& left : report.left_out)
    print_format("%s was left out: %s\n", left.name.c_str(), left.reason.c_str());
}

int measure_rows(const RowOptions& options, WeightLayout layout, bool as_json) {
  BenchOptions bench;
  bench.filter = options.filter;
  bench.layout = layout;
  if (!options.threads.empty()) bench.threads = options.threads;
  bench.rounds = options.rounds;
  bench.log = log_sink(false);
  bench.keep_going = keep_going;
  catch_interrupt();
  bool heading = false;
  if (!as_json)
    bench.on_row = [&](const BenchRow& row) {
      if (!heading) print_heading();
      heading = true;
      print_row(row);
    };
  const Result<BenchReport> measured = run_bench(bench);
  if (!measured.ok()) return report(measured.status());
  if (as_json) {
    print_json(to_json(*measured));
  } else {
    print_limits(*measured);
  }
  return measured->cancelled ? report(Status(StatusCode::cancelled, "the rest was not measured")) : kOk;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("bench", "speed, as a fraction of what this machine can do; or with MODEL… tokens a second");
  auto models = std::make_shared<ModelBench>();
  auto rows = std::make_shared<RowOptions>();
  auto* files = command->add_option("MODEL", models->models, "model files; none: the rows of the engine's own");
  command->add_option("--filter", rows->filter, "rows whose name contains this regular expression; without MODEL")
      ->excludes(files);
  command
      ->add_option("--threads", rows->threads,
                   "threads of the cpu backend, each in turn (1,2); 0: all cores. Without it 1,0, with MODEL 0")
      ->delimiter(',')
      ->check(CLI::Range(0, 1024));
  command->add_option("--rung", rows->rung,
                      "kernels of the cpu backend, as the variable TRITIUM_CPU_RUNG says it: see tritium devices");
  command->add_option("--rounds", rows->rounds, "medians of this many rounds; without MODEL")
      ->check(CLI::Range(1, 1000))
      ->excludes(files)
      ->capture_default_str();
  command->add_option("--backend", models->backends, "backends to measure in one run, the first is the ratio's base")
      ->delimiter(',')
      ->needs(files)
      ->capture_default_str();
  command->add_option("--prompt", models->prompt, "tokens of the prompt")
      ->check(CLI::Range(1, 1 << 20))
      ->needs(files)
      ->default_str("128, or what the context holds");
  command->add_option("--batch", models->batch, "tokens of it evaluated at once; 0: as the backend chooses")
      ->check(CLI::Range(0, 1 << 20))
      ->needs(files)
      ->capture_default_str();
  command->add_option("--decode", models->decode, "tokens evaluated one by one")
      ->check(CLI::Range(1, 1 << 20))
      ->needs(files)
      ->default_str("64, likewise");
  command->add_option("--repeats", models->repeats, "the best of this many counts")
      ->check(CLI::Range(1, 1000))
      ->needs(files)
      ->capture_default_str();
  add_activations(*command, models->activations);
  add_kv(*command, models->kv);
  add_layout(*command, models->layout);
  command->add_flag("--json", models->json, "figures as JSON");
  command->footer(
      "Rows are products, experts, heads, attention, whole models made in memory (without a file), training steps.\n"
      "What does not fit the free memory is left out. The fraction is that of a limit measured beside each row:\n"
      "  products, heads, attention   the time that reading and computing must take, the longer of\n"
      "                               both, over the time taken\n"
      "  decoding                     bytes of weights a token * tokens/s over the read bandwidth\n"
      "                               at that many threads\n"
      "  a prompt                     2 * weights * tokens/s of the ternary products over the\n"
      "                               peak of int8 dot products (AMX can be beyond that)\n"
      "  training                     6 * weights * tokens/s over the peak of float multiply-adds\n"
      "Examples:\n"
      "  tritium bench --filter 'model/(MoE-A|BitNet)' --threads 1,2 --rounds 5\n"
      "  tritium bench --filter product --rung avx2 --json\n"
      "  tritium bench model.gguf --backend cpu,reference");
  command->callback([=, &action] {
    models->threads = rows->threads.empty() ? std::vector<int>{0} : rows->threads;
    action = [=] {
      if (!rows->rung.empty()) set_environment("TRITIUM_CPU_RUNG", rows->rung.c_str());
      return models->models.empty() ? measure_rows(*rows, models->layout, models->json) : bench_models(*models);
    };
  });
}

}  // namespace tritium::cli
