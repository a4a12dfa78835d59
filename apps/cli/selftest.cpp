#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/print_json.h"
#include "cli/terminal.h"
#include "tritium/debug.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

json to_json(const KernelsReport& report) {
  json operations = json::array();
  for (const OperationReport& op : report.operations)
    operations.push_back({{"operation", op.operation},
                          {"cases", op.cases},
                          {"worst_error", op.worst_error},
                          {"bound", op.bound},
                          {"worst_case", op.worst_case},
                          {"failure", op.failure}});
  return operations;
}

json to_json(const SelftestReport& report) {
  json others = json::array();
  for (const KernelsReport& other : report.others)
    others.push_back({{"rung", other.rung}, {"passed", other.passed()}, {"operations", to_json(other)}});
  return {{"backend", report.backend},
          {"rung", report.used.rung.empty() ? json() : json(report.used.rung)},
          {"passed", report.passed()},
          {"operations", to_json(report.used)},
          {"other_rungs", others}};
}

void show(const std::string& name, const KernelsReport& report) {
  print_format("%s against the reference\n", name.c_str());
  for (const OperationReport& op : report.operations) {
    print_format("  %-26s %4d cases  worst error %-9.2g bound %-7.2g %s\n", op.operation.c_str(), op.cases,
                 op.worst_error, op.bound, op.failure.empty() ? "ok" : "FAILED");
    if (!op.failure.empty()) print_format("    %s\n", op.failure.c_str());
  }
}

void show(const SelftestReport& report) {
  show(report.used.rung.empty() ? report.backend : report.backend + ", " + report.used.rung, report.used);
  for (const KernelsReport& other : report.others) show(report.backend + ", " + other.rung, other);
  print_format("%s\n", report.passed() ? "passed" : "FAILED");
}

}  // namespace

void add_selftest(CLI::App& app, Action& action) {
  struct Options {
    std::string backend = "auto";
    bool json = false;
    bool verbose = false;
  };
  CLI::App* command = app.add_subcommand(
      "selftest", "every operation of a backend, of the cpu with each of its rungs, against the reference");
  auto options = std::make_shared<Options>();
  command->add_option("--backend", options->backend, "auto | cpu | vulkan | vulkan:INDEX")->capture_default_str();
  command->add_flag("--json", options->json, "the report as JSON");
  command->add_flag("-v,--verbose", options->verbose, "say on stderr what happens");
  command->footer(
      "Exit code 1 when an operation is out of its bound (bound 0: equal to the bit).\n"
      "Example:\n  tritium selftest --backend vulkan:0");
  command->callback([=, &action] {
    action = [options] {
      catch_interrupt();
      const Result<SelftestReport> result = selftest(options->backend, log_sink(options->verbose), keep_going);
      if (!result.ok()) return report(result.status());
      if (options->json) {
        print_json(to_json(*result));
      } else {
        show(*result);
      }
      return result->passed() ? kOk : kFailed;
    };
  });
}

}  // namespace tritium::cli
