#include "cli/line_reader.h"

#include <array>
#include <cerrno>

#include "cli/system.h"

namespace tritium::cli {

LineReader::Got LineReader::next(std::string& line, const std::function<bool()>& stopped) {
  for (size_t looked = 0;;) {
    const size_t end = pending_.find('\n', looked);
    if (end != std::string::npos) {
      line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return Got::line;
    }
    looked = pending_.size();
    if (ended_) {
      if (pending_.empty()) return Got::end;
      line = std::move(pending_);
      pending_.clear();
      return Got::line;
    }
    const bool ready = input_is_ready(100);
    if (stopped()) return Got::interrupted;
    if (!ready) continue;
    std::array<char, 65536> buffer{};
    const long n = read_input(buffer);
    if (n > 0) pending_.append(buffer.data(), static_cast<size_t>(n));
    if (n < 0 && errno != EINTR && errno != EAGAIN) problem_ = errno;
    // Ctrl-D on a terminal: what stands before it is a line, the next one is the end.
    ended_ = n == 0 || problem_ != 0;
  }
}

}  // namespace tritium::cli
