// What the program says to a person: errors, notes and progress on stderr; and Ctrl-C.
#pragma once

#include <string>
#include <string_view>

#include "tritium/tritium.hpp"

namespace tritium::cli {

// "tritium: error: …"; returns kUsage for invalid_argument, else kFailed.
int report(const Status& status);

// A sink that shows warnings and errors, and with `verbose` everything.
LogSink log_sink(bool verbose);

// Makes Ctrl-C set a flag instead of ending the program; a second Ctrl-C ends it at once.
void catch_interrupt();
bool interrupted();

// Writes to stdout and flushes; false when nobody reads any more.
bool print(std::string_view text);

// One line that is written over itself, when stderr is a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::string what) : what_(std::move(what)) {}
  ~ProgressLine();
  void show(double fraction);

 private:
  std::string what_;
  int shown_percent_ = -1;
};

std::string human_bytes(uint64_t bytes);  // "1.4 MiB"

}  // namespace tritium::cli
