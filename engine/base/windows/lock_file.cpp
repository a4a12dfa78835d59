#include "base/lock_file.h"

#include <fcntl.h>

#include <utility>

#include "base/system_error.h"
#include "base/windows/handles.h"

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
  if (descriptor_ >= 0) close_descriptor(std::exchange(descriptor_, -1));
}

// The system removes it when the last handle is closed, also that of a process that was ended.
Result<LockFile::Held> LockFile::take(const std::string& path) {
  path_ = path;
  const Opening alone = {.access = GENERIC_READ | GENERIC_WRITE | DELETE,
                         .sharing = FILE_SHARE_READ | FILE_SHARE_DELETE,
                         .what = OPEN_ALWAYS,
                         .flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_DELETE_ON_CLOSE};
  descriptor_ = descriptor_of(open_handle(path, alone), O_BINARY);
  if (descriptor_ >= 0) return Held::ours;
  if (last_system_error() == ERROR_SHARING_VIOLATION) return Held::others;
  return system_error(path, "cannot create");
}

}  // namespace tritium
