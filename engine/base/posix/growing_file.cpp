#include "base/growing_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "base/format_text.h"
#include "base/system_error.h"
#include "base/write_all.h"

namespace tritium {

Result<GrowingFile> GrowingFile::open(const std::string& path) {
  GrowingFile file;
  file.path_ = path;
  do file.descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  while (file.descriptor_ < 0 && errno == EINTR);
  if (file.descriptor_ < 0) return system_error(path, "cannot open");
  return file;
}

Result<GrowingFile> GrowingFile::open_alone(const std::string& path) {
  constexpr mode_t kMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
  GrowingFile file;
  file.path_ = path;
  do file.descriptor_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode);
  while (file.descriptor_ < 0 && errno == EINTR);
  if (file.descriptor_ < 0) return system_error(path, "cannot open");
  if (::flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0)
    return error(StatusCode::invalid_argument, path, ": another process adds to it");
  return file;
}

GrowingFile::~GrowingFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status GrowingFile::cut(uint64_t bytes) {
  return ::ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0 ? Status() : system_error(path_, "cannot be cut");
}

Status GrowingFile::append(std::string_view piece, bool to_disk) {
  const off_t end = ::lseek(descriptor_, 0, SEEK_END);
  if (write_all(descriptor_, std::as_bytes(std::span(piece))) && (!to_disk || ::fsync(descriptor_) == 0))
    return Status();
  Status status = system_error(path_, "cannot write");
  if (end >= 0 && !cut(static_cast<uint64_t>(end)).ok()) return status.within("half of it is there");
  return status;
}

}  // namespace tritium
