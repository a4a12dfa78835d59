#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/format_text.h"

namespace tritium {
namespace {

Status system_error(const std::string& path, const char* what) {
  const int code = errno;
  return error(code == ENOENT ? StatusCode::not_found : StatusCode::io_error, path, ": ", what, ": ",
               std::strerror(code));
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  // A named pipe would wait for one who writes; it is refused below.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return system_error(path, "cannot open");
  struct stat info {};
  Status status;
  void* data = MAP_FAILED;
  if (::fstat(fd, &info) != 0) {
    status = system_error(path, "cannot read its size");
  } else if (!S_ISREG(info.st_mode)) {
    status = error(StatusCode::io_error, path, ": not a regular file");
  } else if (info.st_size == 0) {
    status = error(StatusCode::corrupt_file, path, ": the file is empty");
  } else {
    data = ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) status = system_error(path, "cannot map");
  }
  ::close(fd);
  if (!status.ok()) return status;
  return MappedFile(static_cast<const std::byte*>(data), static_cast<size_t>(info.st_size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace tritium
