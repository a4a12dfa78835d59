// Lines of standard input, waited for so that signals are noticed.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tritium::cli {

class LineReader {
 public:
  enum class Got { line, end, interrupted };
  // The next line without its end. `stopped` is asked several times a second: true ends the waiting.
  Got next(std::string& line, const std::function<bool()>& stopped);
  // Why the end is not the input's own: errno; 0: it is.
  int problem() const { return problem_; }

 private:
  std::string pending_;
  bool ended_ = false;
  int problem_ = 0;
};

}  // namespace tritium::cli
