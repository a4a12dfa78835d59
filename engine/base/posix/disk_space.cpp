#include "base/disk_space.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/path.h"

namespace tritium {
namespace {

// Without touching the file's size: growing it beyond a limit would be a signal. Not posix_fallocate, which writes
// zeros where a file system has no such call.
int take_blocks([[maybe_unused]] int descriptor, [[maybe_unused]] uint64_t bytes) {
#if defined(__linux__)
  int result = -1;
  do result = ::fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
#else
  return EOPNOTSUPP;
#endif
}

}  // namespace

std::optional<uint64_t> free_disk_bytes(const std::string& path) {
  struct statvfs disk {};
  int result = -1;
  do result = ::statvfs(folder_of(path).c_str(), &disk);
  while (result != 0 && errno == EINTR);
  if (result != 0 || disk.f_blocks == 0) return std::nullopt;  // some file systems do not say
  return uint64_t{disk.f_bavail} * disk.f_frsize;
}

int reserve_blocks(int descriptor, const std::string& path, uint64_t bytes) {
  rlimit largest{};
  if (::getrlimit(RLIMIT_FSIZE, &largest) == 0 && largest.rlim_cur != RLIM_INFINITY && bytes > largest.rlim_cur)
    return EFBIG;
  // Asked for more than there is, a file system may take all it has before it says so, and whoever writes meanwhile
  // finds the disk full.
  const std::optional<uint64_t> free = free_disk_bytes(path);
  if (free && *free < bytes) return ENOSPC;
  const int problem = take_blocks(descriptor, bytes);
  return problem != EOPNOTSUPP && problem != ENOSYS && problem != EINVAL ? problem : 0;
}

bool says_disk_is_full(int problem) { return problem == ENOSPC; }

}  // namespace tritium
