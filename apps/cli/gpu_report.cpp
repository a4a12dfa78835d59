// `tritium gpu-report`: a report on a GPU within a budget of time.
#include "gpu_report/gpu_report.h"

#include <charconv>
#include <cstdlib>

#include "cli/commands.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

struct ReportOptions {
  std::string out;
  std::string budget = "480s";
  std::string backend;
  std::optional<int> device;
  std::vector<std::string> sections;
  std::string after;
};

// "480", "480s" or "8m", as seconds; none for anything else.
std::optional<double> seconds_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  const std::string_view unit(stop, static_cast<size_t>(end - stop));
  if (problem != std::errc() || !(value > 0) || !(value < 1e6)) return std::nullopt;
  if (unit.empty() || unit == "s") return value;
  if (unit == "m") return 60.0 * value;
  return std::nullopt;
}

// --device 1 and --backend vulkan:1 say the same.
Result<std::optional<int>> device_of(const ReportOptions& options) {
  constexpr std::string_view kPrefix = "vulkan:";
  if (options.backend.empty() || options.backend == "vulkan") return options.device;
  int index = 0;
  const char* end = options.backend.data() + options.backend.size();
  const bool prefixed = options.backend.starts_with(kPrefix);
  const auto [stop, problem] = std::from_chars(options.backend.data() + (prefixed ? kPrefix.size() : 0), end, index);
  if (!prefixed || problem != std::errc() || stop != end || index < 0)
    return Status(StatusCode::invalid_argument, "gpu-report runs on vulkan or vulkan:INDEX, not " + options.backend);
  if (options.device && *options.device != index)
    return Status(StatusCode::invalid_argument, "--device and --backend name different devices");
  return std::optional<int>(index);
}

int write_report(const ReportOptions& options) {
  const std::optional<double> budget = seconds_of(options.budget);
  if (!budget)
    return report(
        Status(StatusCode::invalid_argument, "--budget " + options.budget + " is no time such as 480s or 8m"));
  const Result<std::optional<int>> device = device_of(options);
  if (!device.ok()) return report(device.status());
  catch_interrupt();
  const auto say = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  const Result<gpu_report::Outcome> done = gpu_report::write_gpu_report({.folder = options.out,
                                                                         .program_version = version(),
                                                                         .budget_seconds = *budget,
                                                                         .device = *device,
                                                                         .sections = options.sections,
                                                                         .after = options.after,
                                                                         .interrupted = interrupted,
                                                                         .say = say,
                                                                         .log = log_sink(false),
                                                                         .overran = [] { std::_Exit(kFailed); }});
  if (!done.ok()) return report(done.status());
  print_format("%s\n%s\n", done->json_file.c_str(), done->markdown_file.c_str());
  if (!done->device_found && !interrupted())
    return report(Status(StatusCode::not_found, "no device was measured; the report says what was looked for"));
  return exit_code(done->failed == 0 ? kOk : kFailed);
}

}  // namespace

void add_gpu_report(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("gpu-report", "what a GPU can do and what is made of it, within some minutes");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("--out", options->out, "folder for gpu-report.json (after every section) and gpu-report.md")
      ->required();
  command->add_option("--budget", options->budget, "time for all sections: 480s, 8m")->capture_default_str();
  command->add_option("--device", options->device, "index of a Vulkan device; else the best, else a software driver")
      ->check(CLI::Range(0, 1000));
  command->add_option("--backend", options->backend, "the same as vulkan:INDEX");
  std::string names;
  for (const std::string& name : gpu_report::section_names()) names += (names.empty() ? "" : ", ") + name;
  command->add_option("--sections", options->sections, "only these: " + names)->delimiter(',');
  command->add_option("--after", options->after, "only those after this one, when a driver ended the program in it");
  command->footer(
      "Needs nothing but the program and a Vulkan loader. Exit code 1 when a section failed; the files are written "
      "all\n"
      "the same.\n"
      "Example:\n  tritium gpu-report --out report --budget 480s");
  command->callback([=, &action] { action = [options] { return write_report(*options); }; });
}

}  // namespace tritium::cli
