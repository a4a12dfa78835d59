// What this folder's files share: names of files in the system's encoding, and its handles behind descriptors of the C
// runtime, which headers for every system know.
#pragma once

#include <windows.h>

#include <string>
#include <string_view>
#include <utility>

namespace tritium {

// UTF-16 of UTF-8; what is none becomes U+FFFD, of which no file is called.
std::wstring wide(std::string_view utf8);
std::string narrow(std::wstring_view utf16);

// What is open so may be read, written, renamed and removed by others, as files may be elsewhere.
constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

struct Opening {
  DWORD access = GENERIC_READ;
  DWORD sharing = kShared;
  DWORD what = OPEN_EXISTING;
  DWORD flags = FILE_ATTRIBUTE_NORMAL;
};
// INVALID_HANDLE_VALUE with GetLastError(). No child gets it.
HANDLE open_handle(const std::string& path, const Opening& opening);

// The descriptor owns the handle; -1 with GetLastError(), and the handle is closed. Of an invalid handle likewise.
int descriptor_of(HANDLE handle, int c_flags);
HANDLE handle_of(int descriptor);
void close_descriptor(int descriptor);

// Closed at the end.
class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) : handle_(handle == INVALID_HANDLE_VALUE ? nullptr : handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }
  void close() {
    const DWORD before = ::GetLastError();
    if (handle_) ::CloseHandle(std::exchange(handle_, nullptr));
    ::SetLastError(before);
  }
  explicit operator bool() const { return handle_ != nullptr; }
  HANDLE get() const { return handle_; }
  HANDLE release() { return std::exchange(handle_, nullptr); }

 private:
  HANDLE handle_ = nullptr;
};

}  // namespace tritium
