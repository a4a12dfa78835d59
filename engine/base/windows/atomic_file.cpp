#include "base/atomic_file.h"

#include <fcntl.h>

#include <utility>
#include <vector>

#include "base/folder.h"
#include "base/format_text.h"
#include "base/path.h"
#include "base/system_error.h"
#include "base/temporary_name.h"
#include "base/windows/handles.h"

namespace tritium {
namespace {

// Where links lead; the path itself where nothing is there.
std::string end_of_links(const std::string& path) {
  if (!is_link(path)) return path;
  const Handle file(open_handle(path, {.access = 0, .flags = FILE_FLAG_BACKUP_SEMANTICS}));
  std::wstring name(size_t{1} << 15, L'\0');  // the longest
  const DWORD size =
      file ? ::GetFinalPathNameByHandleW(file.get(), name.data(), static_cast<DWORD>(name.size()), 0) : 0;
  return size > 0 && size < name.size() ? narrow({name.data(), size}) : path;
}

struct Opened {
  int fd;
  std::string name;
};

// A new file beside `path`. As long as it is open nobody else opens it for writing, which tells that its writer lives.
Opened open_beside(const std::string& path) {
  constexpr int kTries = 100;
  const Opening alone = {
      .access = GENERIC_WRITE | WRITE_DAC, .sharing = FILE_SHARE_READ | FILE_SHARE_DELETE, .what = CREATE_NEW};
  for (int i = 0; i < kTries; ++i) {
    const std::filesystem::path folder = path_of(path).parent_path();
    const std::string name = utf8_of(folder / path_of(new_temporary_name(file_name_of(path))));
    const int fd = descriptor_of(open_handle(name, alone), O_BINARY);
    if (fd >= 0 || last_system_error() != ERROR_FILE_EXISTS) return {fd, name};
  }
  return {-1, {}};
}

// What the replaced file allowed to whom. Refused by file systems without permissions, where nothing is lost.
void take_over_permissions(int fd, const std::string& replaced) {
  const std::wstring name = wide(replaced);
  DWORD bytes = 0;
  ::GetFileSecurityW(name.c_str(), DACL_SECURITY_INFORMATION, nullptr, 0, &bytes);
  std::vector<std::byte> permissions(bytes);
  if (bytes > 0 && ::GetFileSecurityW(name.c_str(), DACL_SECURITY_INFORMATION, permissions.data(), bytes, &bytes))
    ::SetKernelObjectSecurity(handle_of(fd), DACL_SECURITY_INFORMATION, permissions.data());
}

// Values that headers of older systems do not name; both from Windows 10 on.
constexpr auto kDispositionEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(21);
constexpr auto kRenameEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(22);

// A second handle, for the moment in which a file is renamed or removed: while one that may do so is open, programs
// that do not expect it cannot read the file.
Handle for_its_name(const std::string& path) { return Handle(open_handle(path, {.access = DELETE})); }

// The name is gone at once where the system can, else with the last handle.
void remove_open(const std::string& path) {
  const Handle file = for_its_name(path);
  if (!file) return;
  const HANDLE handle = file.get();
  struct {
    DWORD flags = 3;  // FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS
  } at_once;
  FILE_DISPOSITION_INFO later = {.DeleteFile = TRUE};
  if (!::SetFileInformationByHandle(handle, kDispositionEx, &at_once, sizeof at_once))
    ::SetFileInformationByHandle(handle, FileDispositionInfo, &later, sizeof later);
}

// Also where somebody reads what stood there, where the system can.
bool rename_open(const std::string& from, const std::string& path) {
  const Handle file = for_its_name(from);
  if (!file) return false;
  const HANDLE handle = file.get();
  const std::wstring name = std::filesystem::absolute(path_of(path)).make_preferred().wstring();
  std::vector<std::byte> memory(sizeof(FILE_RENAME_INFO) + name.size() * sizeof(wchar_t));
  auto* const info = reinterpret_cast<FILE_RENAME_INFO*>(memory.data());
  info->FileNameLength = static_cast<DWORD>(name.size() * sizeof(wchar_t));
  name.copy(info->FileName, name.size());
  const auto size = static_cast<DWORD>(memory.size());
  info->Flags = 3;  // FILE_RENAME_REPLACE_IF_EXISTS | FILE_RENAME_POSIX_SEMANTICS
  if (::SetFileInformationByHandle(handle, kRenameEx, info, size)) return true;
  info->Flags = 0;
  info->ReplaceIfExists = TRUE;
  return ::SetFileInformationByHandle(handle, FileRenameInfo, info, size) != 0;
}

// What scans files, and other writers of the name, have them open for a moment.
bool rename_soon(const std::string& from, const std::string& path) {
  constexpr int kTries = 200;
  constexpr DWORD kWaitMs = 5;
  for (int i = 1;; ++i) {
    if (rename_open(from, path)) return true;
    const DWORD problem = ::GetLastError();
    if (i == kTries || is_folder(path) || (problem != ERROR_ACCESS_DENIED && problem != ERROR_SHARING_VIOLATION))
      return false;
    ::Sleep(kWaitMs);
  }
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::string& path) {
  if (path.empty()) return error(StatusCode::invalid_argument, "the output has no name");
  const DWORD kind = ::GetFileAttributesW(wide(path).c_str());
  const bool exists = kind != INVALID_FILE_ATTRIBUTES;
  if (!exists && ::GetLastError() != ERROR_FILE_NOT_FOUND) return system_error(path, "cannot create");
  if (exists && (kind & FILE_ATTRIBUTE_DIRECTORY) != 0)
    return error(StatusCode::io_error, path, ": is a folder; name a file in it");
  if (exists && (kind & FILE_ATTRIBUTE_READONLY) != 0)
    return error(StatusCode::io_error, path, ": is read-only; write to another file, or allow writing to it first");
  if (exists) {
    Handle device(open_handle(path, {.access = GENERIC_WRITE}));
    if (device && ::GetFileType(device.get()) != FILE_TYPE_DISK)
      return AtomicFile(path, path, descriptor_of(device.release(), O_BINARY));
  }
  const std::string target = end_of_links(path);
  const std::string name = file_name_of(target).substr(0, kLongestName);
  remove_abandoned(folder_of(target), [&name](std::string_view other) { return other == name; });
  const Opened file = open_beside(target);
  if (file.fd < 0) return system_error(path, "cannot create");
  if (exists) take_over_permissions(file.fd, target);
  return AtomicFile(target, file.name, file.fd);
}

void AtomicFile::discard() {
  if (fd_ < 0) return;
  give_up_name();
  close_descriptor(std::exchange(fd_, -1));
}

Status AtomicFile::write_at(uint64_t offset, std::span<const std::byte> data) {
  LARGE_INTEGER place = {};
  place.QuadPart = static_cast<LONGLONG>(offset);
  if (!::SetFilePointerEx(handle_of(fd_), place, nullptr, FILE_BEGIN))
    return system_error(path_, "cannot write at a place");
  return write(data);
}

void AtomicFile::give_up_name() {
  if (temporary_ != path_) remove_open(temporary_);
}

Status AtomicFile::flush() {
  if (temporary_ == path_ || ::FlushFileBuffers(handle_of(fd_))) return Status();
  return system_error(path_, "cannot flush to the disk");
}

// The file system's journal keeps the new name; there is no folder to flush.
Status AtomicFile::take_name(bool flushed) {
  if (Status s = flushed ? flush() : Status(); !s.ok()) return s;
  if (temporary_ != path_ && !rename_soon(temporary_, path_)) {
    Status status = system_error(path_, "cannot finish writing");
    discard();
    return status;
  }
  close_descriptor(std::exchange(fd_, -1));
  return Status();
}

bool remove_if_abandoned(const std::string& path) {
  const Opening unless_written = {.access = DELETE,
                                  .sharing = FILE_SHARE_READ | FILE_SHARE_DELETE,
                                  .flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_DELETE_ON_CLOSE};
  return bool(Handle(open_handle(path, unless_written)));
}

}  // namespace tritium
