// What a GPU can do and what this program makes of it, measured within a budget of time on a machine that has nothing
// but the program and a Vulkan loader: JSON after every section, Markdown at the end. README, "For kernel engineers".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/status.hpp"

namespace tritium::gpu_report {

struct Options {
  std::string folder;  // made when it is not there; gpu-report.json and gpu-report.md
  std::string program_version;
  double budget_seconds = 480;
  std::optional<int> device;          // index as in "vulkan:INDEX"; none: the best, else a software device
  std::vector<std::string> sections;  // names of section_names(); empty: all
  std::string after;                  // only those after this one: how to go on when a driver ended the program in it
  std::function<bool()> interrupted;  // asked between measurements; true: the rest is skipped
  std::function<void(const std::string& line)> say;
  LogSink log;  // what the libraries say, Vulkan's validation among it
  // Called on another thread when a section did not end long after the budget, with everything written that there is:
  // the caller ends the process, which nothing else can.
  std::function<void()> overran;
};

struct Outcome {
  std::string json_file;
  std::string markdown_file;
  bool device_found = false;
  bool interrupted = false;
  int failed = 0;     // sections
  int not_whole = 0;  // cut short or skipped
};

// In the order in which they run.
std::vector<std::string> section_names();

// Fails when files cannot be written or options are wrong; a section that fails is in the report and the outcome.
Result<Outcome> write_gpu_report(const Options& options);

}  // namespace tritium::gpu_report
