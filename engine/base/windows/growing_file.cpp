#include "base/growing_file.h"

#include <fcntl.h>

#include <span>

#include "base/format_text.h"
#include "base/system_error.h"
#include "base/windows/handles.h"
#include "base/write_all.h"

namespace tritium {

Result<GrowingFile> GrowingFile::open(const std::string& path) {
  GrowingFile file;
  file.path_ = path;
  file.descriptor_ = descriptor_of(open_handle(path, {.access = GENERIC_WRITE}), O_BINARY);
  if (file.descriptor_ < 0) return system_error(path, "cannot open");
  return file;
}

Result<GrowingFile> GrowingFile::open_alone(const std::string& path) {
  GrowingFile file;
  file.path_ = path;
  // Nobody else may write it meanwhile, which is what makes it one process's.
  const Opening alone = {.access = GENERIC_WRITE, .sharing = FILE_SHARE_READ | FILE_SHARE_DELETE, .what = OPEN_ALWAYS};
  file.descriptor_ = descriptor_of(open_handle(path, alone), O_BINARY);
  if (file.descriptor_ < 0 && last_system_error() == ERROR_SHARING_VIOLATION)
    return error(StatusCode::invalid_argument, path, ": another process adds to it");
  if (file.descriptor_ < 0) return system_error(path, "cannot open");
  return file;
}

GrowingFile::~GrowingFile() {
  if (descriptor_ >= 0) close_descriptor(descriptor_);
}

Status GrowingFile::cut(uint64_t bytes) {
  LARGE_INTEGER end = {};
  end.QuadPart = static_cast<LONGLONG>(bytes);
  const HANDLE handle = handle_of(descriptor_);
  if (::SetFilePointerEx(handle, end, nullptr, FILE_BEGIN) && ::SetEndOfFile(handle)) return Status();
  return system_error(path_, "cannot be cut");
}

Status GrowingFile::append(std::string_view piece, bool to_disk) {
  const HANDLE handle = handle_of(descriptor_);
  LARGE_INTEGER end = {};
  if (!::SetFilePointerEx(handle, {}, &end, FILE_END)) return system_error(path_, "cannot write");
  if (write_all(descriptor_, std::as_bytes(std::span(piece))) && (!to_disk || ::FlushFileBuffers(handle)))
    return Status();
  Status status = system_error(path_, "cannot write");
  if (!cut(static_cast<uint64_t>(end.QuadPart)).ok()) return status.within("half of it is there");
  return status;
}

}  // namespace tritium
