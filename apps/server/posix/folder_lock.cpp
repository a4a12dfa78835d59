#include "server/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tritium::server {

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return Status(StatusCode::io_error, path + ": cannot be opened for writing: " + std::strerror(errno) +
                                            ": jobs need a folder that the server's user may write to");
  FolderLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK)
    return Status(StatusCode::invalid_argument,
                  folder + ": another server has its jobs there: give this one a folder of its own");
  return Status(StatusCode::io_error, path + ": " + std::strerror(errno));
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace tritium::server
