#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/format_text.h"

namespace tritium {
namespace {

Status system_error(const std::string& path, const char* what) {
  return error(StatusCode::io_error, path, ": ", what, ": ", std::strerror(errno));
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return error(StatusCode::io_error, path, ": is a folder; name a file in it");
  // By its permissions, which the superuser could pass over.
  constexpr mode_t kWritable = S_IWUSR | S_IWGRP | S_IWOTH;
  if (exists && (info.st_mode & kWritable) == 0)
    return error(StatusCode::io_error, path, ": is read-only; write to another file, or allow writing to it first");
  const bool device = exists && !S_ISREG(info.st_mode);
  const std::string temporary = device ? path : join(path, ".", ::getpid(), ".tmp");
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return system_error(path, "cannot create");
  return AtomicFile(path, temporary, fd);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (temporary_ != path_) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path_, "cannot write");
    data = data.subspan(static_cast<size_t>(written));
  }
  return Status();
}

Status AtomicFile::commit() {
  const bool in_place = temporary_ == path_;
  if (!in_place && ::fsync(fd_) != 0) return system_error(path_, "cannot flush to the disk");
  const bool closed = ::close(std::exchange(fd_, -1)) == 0;
  if (!closed || (!in_place && ::rename(temporary_.c_str(), path_.c_str()) != 0)) {
    Status status = system_error(path_, "cannot finish writing");
    if (!in_place) ::unlink(temporary_.c_str());
    return status;
  }
  return Status();
}

}  // namespace tritium
