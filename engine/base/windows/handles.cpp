#include "base/windows/handles.h"

#include <io.h>

namespace tritium {

std::wstring wide(std::string_view utf8) {
  const auto size = static_cast<int>(utf8.size());
  std::wstring text(static_cast<size_t>(::MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, nullptr, 0)), L'\0');
  ::MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, text.data(), static_cast<int>(text.size()));
  return text;
}

std::string narrow(std::wstring_view utf16) {
  const auto size = static_cast<int>(utf16.size());
  const int bytes = ::WideCharToMultiByte(CP_UTF8, 0, utf16.data(), size, nullptr, 0, nullptr, nullptr);
  std::string text(static_cast<size_t>(bytes), '\0');
  ::WideCharToMultiByte(CP_UTF8, 0, utf16.data(), size, text.data(), bytes, nullptr, nullptr);
  return text;
}

HANDLE open_handle(const std::string& path, const Opening& opening) {
  return ::CreateFileW(wide(path).c_str(), opening.access, opening.sharing, nullptr, opening.what, opening.flags,
                       nullptr);
}

int descriptor_of(HANDLE handle, int c_flags) {
  if (handle == INVALID_HANDLE_VALUE) return -1;
  const int descriptor = ::_open_osfhandle(reinterpret_cast<intptr_t>(handle), c_flags);
  if (descriptor >= 0) return descriptor;
  ::CloseHandle(handle);
  ::SetLastError(ERROR_TOO_MANY_OPEN_FILES);
  return -1;
}

HANDLE handle_of(int descriptor) { return reinterpret_cast<HANDLE>(::_get_osfhandle(descriptor)); }

void close_descriptor(int descriptor) {
  const DWORD before = ::GetLastError();
  ::_close(descriptor);
  ::SetLastError(before);
}

}  // namespace tritium
