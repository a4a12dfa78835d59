#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/format_text.h"
#include "base/system_error.h"

namespace tritium {

Result<MappedFile> MappedFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return read_error(path);
  struct stat info {};
  const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = static_cast<size_t>(info.st_size);
  void* const memory = regular && size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0) : nullptr;
  const int problem = errno;
  ::close(fd);
  if (!regular) return error(StatusCode::io_error, path, ": not a regular file");
  if (memory == MAP_FAILED) return read_error(path, problem);
  return MappedFile({static_cast<const std::byte*>(memory), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::populate([[maybe_unused]] std::span<const std::byte> part) {
#if defined(MADV_POPULATE_READ)
  // Where the system refuses, nothing is lost but time.
  if (!part.empty()) ::madvise(const_cast<std::byte*>(part.data()), part.size(), MADV_POPULATE_READ);
#endif
}

}  // namespace tritium
