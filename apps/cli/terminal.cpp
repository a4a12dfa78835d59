// Signals, and what is said on stdout and stderr.
#include "cli/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "cli/commands.h"
#include "cli/printable.h"

namespace tritium::cli {
namespace {

volatile std::sig_atomic_t g_signal = 0;  // the first one that came
volatile long g_signal_at_ms = 0;
int g_output_problem = 0;  // errno of the first refused write to stdout

long now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// The first signal asks the program to end, the second one ends it. One that is sent twice, to the process and to its
// group, is one; and a terminal that closes sends SIGHUP as often as it likes.
void on_signal(int signal) {
  constexpr long kSameSignalMs = 100;
  if (g_signal == 0) {
    g_signal_at_ms = now_ms();
    g_signal = signal;
  } else if (signal != SIGHUP && now_ms() - g_signal_at_ms > kSameSignalMs) {
    std::signal(signal, SIG_DFL);
    raise(signal);  // delivered when this handler returns
  }
}

}  // namespace

int report(const Status& status) {
  if (status.code() == StatusCode::cancelled && interrupted()) {
    std::fprintf(stderr, "tritium: ended by %s: %s\n", strsignal(g_signal), printable(status.message()).c_str());
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

void catch_interrupt() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
    const auto before = std::signal(signal, on_signal);
    // nohup and the like: whoever started the program said that it is not to end by this.
    if (before == SIG_IGN && signal != SIGINT) std::signal(signal, SIG_IGN);
  }
}
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

// main() puts a descriptor that cannot be written in the place of a closed one.
bool has_stdout() {
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  return flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
}

int finish(int code) {
  if (g_output_problem == 0 || g_output_problem == EPIPE) return code;
  report(Status(StatusCode::io_error, std::string("standard output: ") + std::strerror(g_output_problem) +
                                          "; what was written is not complete"));
  return code == kOk ? kFailed : code;
}

ProgressLine::ProgressLine(std::string what) : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) != 0) {}

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
