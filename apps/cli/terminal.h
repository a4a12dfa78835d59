// What the program says to a person: errors, notes and progress on stderr; and Ctrl-C and the other signals that end
// it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tritium/tritium.hpp"

namespace tritium::cli {

// "tritium: error: …", without what a terminal would obey: files and models have a say in messages. Returns kUsage for
// invalid_argument, else kFailed; what a signal cancelled ends with leave().
int report(const Status& status);

// A sink that shows warnings and errors, and with `verbose` everything.
LogSink log_sink(bool verbose);

// Makes Ctrl-C, and every other signal that ends a program by default, set a flag instead; a second one ends it at
// once.
void catch_interrupt();
bool interrupted();
inline bool keep_going() { return !interrupted(); }
// 128 + the signal that came, as shells say it; without one `code`.
int exit_code(int code);
// Returns `code`; when a signal came, ends the program instead, without a wait for what a device still computes.
int leave(int code);

// Everything on stdout goes through these two. They write and flush; false when the system refused: nobody reads any
// more, or the disk is full. What follows a refusal is not written.
bool print(std::string_view text);
#if defined(__MINGW_PRINTF_FORMAT)
[[gnu::format(__MINGW_PRINTF_FORMAT, 1, 2)]]
#elif defined(__GNUC__)
[[gnu::format(printf, 1, 2)]]
#endif
bool print_format(const char* format, ...);

// The exit code of a command that gives `code`: a full disk behind stdout is reported and is a failure, a reader that
// went away is not.
int finish(int code);

// On a terminal one line that is written over itself; elsewhere a line every ten seconds, so that a log shows that what
// takes long goes on.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what);
  ~ProgressLine();
  void show(double fraction);

 private:
  std::string what_;
  bool terminal_ = false;
  int shown_percent_ = -1;  // on a terminal
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

std::string human_bytes(uint64_t bytes);  // "1.4 MiB"

}  // namespace tritium::cli
