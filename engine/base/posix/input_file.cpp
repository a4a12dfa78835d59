#include "base/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/format_text.h"
#include "base/system_error.h"

namespace tritium {

Result<InputFile> InputFile::open(const std::string& path) {
  // Without O_NONBLOCK a named pipe would not open before somebody writes into it.
  int fd = -1;
  do fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return read_error(path);
  InputFile file(path, fd);
  if (Status s = file.look(); !s.ok()) return s;
  return file;
}

Result<InputFile> InputFile::of_descriptor(int descriptor) {
  const std::string name = join("descriptor ", descriptor);
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return read_error(name);
  InputFile file(name, own);
  if (Status s = file.look(); !s.ok()) return s;
  if ((::fcntl(own, F_GETFL) & O_ACCMODE) == O_WRONLY)
    return error(StatusCode::io_error, name, ": is open for writing only");
  return regular_only(std::move(file));
}

InputFile InputFile::standard_input() {
  InputFile file("standard input", STDIN_FILENO);
  file.owned_ = false;
  return file;
}

Status InputFile::look() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return read_error(path_);
  if (S_ISDIR(info.st_mode))
    return error(StatusCode::io_error, path_, ": cannot be read: Is a directory, not a regular file");
  regular_ = S_ISREG(info.st_mode);
  size_ = regular_ ? static_cast<uint64_t>(info.st_size) : 0;
#if defined(__APPLE__)
  const timespec& modified = info.st_mtimespec;
#else
  const timespec& modified = info.st_mtim;
#endif
  modified_ = int64_t{modified.tv_sec} * 1'000'000'000 + modified.tv_nsec;
  return Status();
}

Result<bool> InputFile::ready(int milliseconds) const {
  if (regular_) return true;
  pollfd wanted = {.fd = fd_, .events = POLLIN, .revents = 0};
  const int n = ::poll(&wanted, 1, milliseconds);
  if (n < 0 && errno != EINTR) return read_error(path_);
  return n > 0;
}

Result<size_t> InputFile::read(std::span<std::byte> out) {
  for (;;) {
    const ssize_t n = ::read(fd_, out.data(), out.size());
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN) {
      if (const Result<bool> waited = ready(-1); !waited.ok()) return waited.status();
    } else if (errno != EINTR) {
      return read_error(path_);
    }
  }
}

Status InputFile::read_at(uint64_t offset, std::span<std::byte> out) const {
  for (size_t done = 0; done < out.size();) {
    const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n == 0)
      return error(StatusCode::corrupt_file, path_, ": the file ends at byte ", offset + done, ", it had ", size_,
                   " when it was opened: it was cut off meanwhile");
    if (n < 0 && errno != EINTR) return read_error(path_);
    if (n > 0) done += static_cast<size_t>(n);
  }
  return Status();
}

InputFile::~InputFile() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

}  // namespace tritium
