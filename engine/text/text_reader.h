// Text of a file, of a pipe or of standard input, read once from its beginning, a stretch at a time: a byte order mark
// is left out, and what is no UTF-8 text (UTF-16, archives, zero bytes) is refused with what it is.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/input_file.h"
#include "tritium/status.hpp"
#include "tritium/text_file.hpp"

namespace tritium {

class TextReader {
 public:
  static Result<TextReader> open(const std::string& path, TextWaiting waiting = {});

  // What comes next: at least `n` bytes, or all up to the end of the text. Valid until the next call.
  Result<std::string_view> ahead(size_t n);
  // The same with twice as many bytes as before, for who looks for an end that was not among them.
  Result<std::string_view> more() { return ahead(2 * (buffer_.size() - at_) + 1); }
  void skip(size_t n) { at_ += n; }
  bool at_end(size_t n) const { return ended_ && n == buffer_.size() - at_; }  // nothing follows the next n bytes

  const std::string& name() const { return file_.path(); }
  uint64_t size() const { return file_.size(); }  // of a regular file; else 0

 private:
  TextReader(InputFile file, TextWaiting waiting) : file_(std::move(file)), waiting_(std::move(waiting)) {}
  Status read_more();
  Status wait() const;
  Status check_beginning();
  Status check_bytes(std::string_view fresh) const;

  InputFile file_;
  TextWaiting waiting_;
  std::string buffer_;  // read, of which the first at_ bytes are done with
  size_t at_ = 0;
  uint64_t n_read_ = 0;  // bytes of the file
  bool ended_ = false;
};

}  // namespace tritium
