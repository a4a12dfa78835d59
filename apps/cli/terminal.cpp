// Signals, and what is said on stdout and stderr.
#include "cli/terminal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/commands.h"
#include "cli/printable.h"
#include "cli/system.h"

namespace tritium::cli {
namespace {

volatile std::sig_atomic_t g_signal = 0;  // the first one that came
volatile long g_signal_at_ms = 0;
int g_output_problem = 0;  // errno of the first refused write to stdout

long now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// The first signal asks the program to end, the second one ends it. One that is sent twice, to the process and to its
// group, is one.
void on_signal(int signal) {
  constexpr long kSameSignalMs = 100;
  if (g_signal == 0) {
    g_signal_at_ms = now_ms();
    g_signal = signal;
  } else if (!comes_repeatedly(signal) && now_ms() - g_signal_at_ms > kSameSignalMs) {
    end_by(signal);
  }
}

}  // namespace

int report(const Status& status) {
  if (status.code() == StatusCode::cancelled && interrupted()) {
    std::fprintf(stderr, "tritium: ended by %s: %s\n", signal_text(g_signal).c_str(),
                 printable(status.message()).c_str());
    return leave(kFailed);
  }
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

void catch_interrupt() { catch_ending_signals(on_signal); }
bool interrupted() { return g_signal != 0; }
int exit_code(int code) { return interrupted() ? 128 + g_signal : code; }

int leave(int code) {
  if (!interrupted()) return code;
  const int last = finish(exit_code(code));
  std::fflush(nullptr);
  std::_Exit(last);
}

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

ProgressLine::ProgressLine(std::string what) : what_(std::move(what)), terminal_(is_terminal(Stream::errors)) {}

void ProgressLine::show(double fraction) {
  const int percent = static_cast<int>(fraction * 100.0);
  if (!terminal_) {
    constexpr std::chrono::seconds kBetweenLines(10);
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < kBetweenLines) return;
    shown_ = now;
    std::fprintf(stderr, "%s: %d %%\n", printable(what_).c_str(), percent);
    return;
  }
  if (percent == shown_percent_) return;
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
