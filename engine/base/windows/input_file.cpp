#include "base/input_file.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/format_text.h"
#include "base/system_error.h"
#include "base/windows/handles.h"

namespace tritium {
namespace {

constexpr size_t kMost = size_t{1} << 30;  // a call counts in 32 bits

OVERLAPPED place_at(uint64_t offset) {
  OVERLAPPED place = {};
  place.Offset = static_cast<DWORD>(offset);
  place.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return place;
}

// Nothing is behind: the other end of a pipe is closed, or a console said so.
bool says_end(DWORD problem) {
  return problem == ERROR_BROKEN_PIPE || problem == ERROR_HANDLE_EOF || problem == ERROR_PIPE_NOT_CONNECTED;
}

}  // namespace

Result<InputFile> InputFile::open(const std::string& path) {
  const HANDLE handle = open_handle(path, {});
  if (handle == INVALID_HANDLE_VALUE) {
    const int problem = last_system_error();
    const DWORD kind = ::GetFileAttributesW(wide(path).c_str());
    if (kind != INVALID_FILE_ATTRIBUTES && (kind & FILE_ATTRIBUTE_DIRECTORY) != 0)
      return error(StatusCode::io_error, path, ": cannot be read: Is a directory, not a regular file");
    return read_error(path, problem);
  }
  const int fd = descriptor_of(handle, O_RDONLY | O_BINARY);
  if (fd < 0) return read_error(path);
  InputFile file(path, fd);
  if (Status s = file.look(); !s.ok()) return s;
  return file;
}

Result<InputFile> InputFile::of_descriptor(int descriptor) {
  const std::string name = join("descriptor ", descriptor);
  if (descriptor < 0) return read_error(name, ERROR_INVALID_HANDLE);
  HANDLE handle = INVALID_HANDLE_VALUE;
  const HANDLE process = ::GetCurrentProcess();
  if (!::DuplicateHandle(process, handle_of(descriptor), process, &handle, 0, false, DUPLICATE_SAME_ACCESS))
    return read_error(name);
  const int own = descriptor_of(handle, O_RDONLY | O_BINARY);
  if (own < 0) return read_error(name);
  InputFile file(name, own);
  if (Status s = file.look(); !s.ok()) return s;
  DWORD none = 0;
  OVERLAPPED start = {};
  if (file.regular_ && !::ReadFile(handle, nullptr, 0, &none, &start) && ::GetLastError() == ERROR_ACCESS_DENIED)
    return error(StatusCode::io_error, name, ": is open for writing only");
  return regular_only(std::move(file));
}

InputFile InputFile::standard_input() {
  constexpr int kStandardInput = 0;
  InputFile file("standard input", kStandardInput);
  file.owned_ = false;
  return file;
}

Status InputFile::look() {
  const HANDLE handle = handle_of(fd_);
  regular_ = ::GetFileType(handle) == FILE_TYPE_DISK;
  if (!regular_) return Status();
  LARGE_INTEGER size = {};
  FILETIME modified = {};
  if (!::GetFileSizeEx(handle, &size) || !::GetFileTime(handle, nullptr, nullptr, &modified)) return read_error(path_);
  size_ = static_cast<uint64_t>(size.QuadPart);
  // The system counts 100 ns from 1601 on.
  constexpr int64_t kFrom1601To1970 = 116'444'736'000'000'000;
  const int64_t ticks = int64_t{modified.dwHighDateTime} << 32 | modified.dwLowDateTime;
  modified_ = (ticks - kFrom1601To1970) * 100;
  return Status();
}

Result<bool> InputFile::ready(int milliseconds) const {
  if (regular_) return true;
  const HANDLE handle = handle_of(fd_);
  if (::GetFileType(handle) == FILE_TYPE_DISK) return true;  // standard input from a file
  DWORD ignored = 0;
  if (::GetConsoleMode(handle, &ignored))
    return ::WaitForSingleObject(handle, milliseconds < 0 ? INFINITE : static_cast<DWORD>(milliseconds)) ==
           WAIT_OBJECT_0;
  // Pipes cannot be waited for.
  constexpr int kAskEveryMs = 10;
  for (int waited = 0;; waited += kAskEveryMs) {
    DWORD there = 0;
    if (!::PeekNamedPipe(handle, nullptr, 0, nullptr, &there, nullptr)) return true;  // a read says why
    if (there > 0) return true;
    if (milliseconds >= 0 && waited >= milliseconds) return false;
    ::Sleep(kAskEveryMs);
  }
}

Result<size_t> InputFile::read(std::span<std::byte> out) {
  DWORD n = 0;
  OVERLAPPED place = place_at(next_);
  const auto size = static_cast<DWORD>(std::min(out.size(), kMost));
  if (!::ReadFile(handle_of(fd_), out.data(), size, &n, regular_ ? &place : nullptr))
    return says_end(::GetLastError()) ? Result<size_t>(0) : read_error(path_);
  next_ += n;
  return size_t{n};
}

Status InputFile::read_at(uint64_t offset, std::span<std::byte> out) const {
  for (size_t done = 0; done < out.size();) {
    const uint64_t at = offset + done;
    OVERLAPPED place = place_at(at);
    DWORD n = 0;
    const bool read = ::ReadFile(handle_of(fd_), out.data() + done,
                                 static_cast<DWORD>(std::min(out.size() - done, kMost)), &n, &place);
    if (!read && !says_end(::GetLastError())) return read_error(path_);
    if (n == 0)
      return error(StatusCode::corrupt_file, path_, ": the file ends at byte ", at, ", it had ", size_,
                   " when it was opened: it was cut off meanwhile");
    done += n;
  }
  return Status();
}

InputFile::~InputFile() {
  if (owned_ && fd_ >= 0) close_descriptor(fd_);
}

}  // namespace tritium
