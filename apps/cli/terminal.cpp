#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "cli/commands.h"
#include "cli/printable.h"

namespace tritium::cli {
namespace {

std::atomic<bool> g_interrupted{false};
int g_output_problem = 0;  // errno of the first refused write to stdout

void on_interrupt(int) {
  g_interrupted = true;
  std::signal(SIGINT, SIG_DFL);
}

}  // namespace

int report(const Status& status) {
  std::fprintf(stderr, "tritium: error: %s\n", printable(status.message()).c_str());
  return status.code() == StatusCode::invalid_argument ? kUsage : kFailed;
}

LogSink log_sink(bool verbose) {
  return [verbose](LogLevel level, const std::string& line) {
    if (!verbose && level < LogLevel::warning) return;
    constexpr std::array kNames = {"debug", "info", "warning", "error"};
    std::fprintf(stderr, "tritium: %s: %s\n", kNames[static_cast<size_t>(level)], printable(line).c_str());
  };
}

void catch_interrupt() { std::signal(SIGINT, on_interrupt); }
bool interrupted() { return g_interrupted; }

bool print(std::string_view text) {
  if (g_output_problem != 0) return false;
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return true;
  g_output_problem = errno != 0 ? errno : EIO;
  return false;
}

bool print_format(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(static_cast<size_t>(std::max(length, 0)), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  va_end(arguments);
  return print(text);
}

int finish(int code) {
  if (g_output_problem == 0 || g_output_problem == EPIPE) return code;
  report(Status(StatusCode::io_error, std::string("standard output: ") + std::strerror(g_output_problem) +
                                          "; what was written is not complete"));
  return code == kOk ? kFailed : code;
}

void ProgressLine::show(double fraction) {
  const int percent = static_cast<int>(fraction * 100.0);
  if (percent == shown_percent_ || isatty(STDERR_FILENO) == 0) return;
  shown_percent_ = percent;
  constexpr int kWidth = 30;
  const int done = std::clamp(percent, 0, 100) * kWidth / 100;
  std::fprintf(stderr, "\r%s [%s%s] %3d %%", printable(what_).c_str(),
               std::string(static_cast<size_t>(done), '#').c_str(),
               std::string(static_cast<size_t>(kWidth - done), '.').c_str(), percent);
}

ProgressLine::~ProgressLine() {
  if (shown_percent_ >= 0) std::fprintf(stderr, "\r\033[K");
}

std::string human_bytes(uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024.0 && unit + 1 < kUnits.size()) {
    value /= 1024.0;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

}  // namespace tritium::cli
