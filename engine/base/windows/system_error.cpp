#include "base/system_error.h"

#include "base/format_text.h"
#include "base/windows/handles.h"

namespace tritium {

int last_system_error() { return static_cast<int>(::GetLastError()); }

std::string system_message(int code) {
  constexpr DWORD kHow = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
  wchar_t text[512];
  DWORD size = ::FormatMessageW(kHow, nullptr, static_cast<DWORD>(code), MAKELANGID(LANG_ENGLISH, SUBLANG_DEFAULT),
                                text, std::size(text), nullptr);
  if (size == 0)  // where English is not installed
    size = ::FormatMessageW(kHow, nullptr, static_cast<DWORD>(code), 0, text, std::size(text), nullptr);
  while (size > 0 && (text[size - 1] == L' ' || text[size - 1] == L'.')) --size;
  return size > 0 ? narrow({text, size}) : join("system error ", code);
}

Status read_error(const std::string& path, int code) {
  const bool absent = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND || code == ERROR_INVALID_NAME ||
                      code == ERROR_BAD_NETPATH || code == ERROR_BAD_NET_NAME;
  return error(absent ? StatusCode::not_found : StatusCode::io_error, path, ": cannot be read: ", system_message(code));
}

}  // namespace tritium
