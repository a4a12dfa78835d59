#include "base/input_file.h"

#include <span>
#include <utility>

#include "base/format_text.h"

namespace tritium {

Result<InputFile> InputFile::open_regular(const std::string& path) {
  Result<InputFile> file = open(path);
  return file.ok() ? regular_only(*std::move(file)) : std::move(file);
}

Result<InputFile> InputFile::regular_only(InputFile file) {
  if (!file.regular_)
    return error(StatusCode::io_error, file.path_, ": not a regular file: it is read at any place, and more than ",
                 "once; save what a pipe gives into a file first");
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      owned_(other.owned_),
      regular_(other.regular_),
      size_(other.size_),
      modified_(other.modified_) {
#if defined(_WIN32)
  next_ = other.next_;
#endif
}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  std::swap(regular_, other.regular_);
  std::swap(size_, other.size_);
  std::swap(modified_, other.modified_);
#if defined(_WIN32)
  std::swap(next_, other.next_);
#endif
  return *this;
}

Result<std::string> read_file(const std::string& path) {
  Result<InputFile> file = InputFile::open_regular(path);
  if (!file.ok()) return file.status();
  constexpr size_t kPiece = size_t{1} << 16;
  std::string text;
  for (size_t done = 0;;) {
    text.resize(done + kPiece);
    const Result<size_t> n = file->read(std::as_writable_bytes(std::span(text).subspan(done)));
    if (!n.ok()) return n.status();
    text.resize(done += *n);
    if (*n == 0) return text;
  }
}

}  // namespace tritium
