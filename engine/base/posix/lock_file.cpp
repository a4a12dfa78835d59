#include "base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/system_error.h"

namespace tritium {

LockFile::LockFile(LockFile&& other) noexcept { *this = std::move(other); }

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  path_ = std::move(other.path_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  problem_ = other.problem_;
  return *this;
}

LockFile::~LockFile() { release(); }

void LockFile::release() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(std::exchange(descriptor_, -1));
}

Result<LockFile::Held> LockFile::take(const std::string& path) {
  path_ = path;
  constexpr int kTries = 100;  // whoever ends removes the file that we opened just now
  for (int i = 0; i < kTries; ++i) {
    int opened = -1;
    do opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    while (opened < 0 && errno == EINTR);
    if (opened < 0) return system_error(path, "cannot create");
    bool locked = false;
    do locked = ::flock(opened, LOCK_EX | LOCK_NB) == 0;
    while (!locked && errno == EINTR);
    if (!locked && errno != EWOULDBLOCK) {
      problem_ = errno;
      descriptor_ = opened;
      return Held::unknown;
    }
    struct stat ours {
    }, named{};
    if (locked && ::fstat(opened, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino) {
      descriptor_ = opened;
      return Held::ours;
    }
    ::close(opened);
    if (!locked) break;
  }
  return Held::others;
}

}  // namespace tritium
