#include "base/disk_room.h"

namespace tritium {

Result<DiskRoom> DiskRoom::hold(const std::string& path, uint64_t bytes) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status s = file->reserve(bytes); !s.ok()) return s;
  file->give_up_name();
  return DiskRoom(*std::move(file));
}

}  // namespace tritium
