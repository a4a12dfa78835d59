#include "base/environment.h"

#include "base/windows/handles.h"

namespace tritium {

std::optional<std::string> environment(const char* name) {
  const std::wstring key = wide(name);
  std::wstring value(128, L'\0');
  for (;;) {
    ::SetLastError(ERROR_SUCCESS);
    const DWORD size = ::GetEnvironmentVariableW(key.c_str(), value.data(), static_cast<DWORD>(value.size()));
    if (size == 0 && ::GetLastError() == ERROR_ENVVAR_NOT_FOUND) return std::nullopt;
    if (size < value.size()) return narrow({value.data(), size});
    value.resize(size);  // with the zero behind it
  }
}

void set_environment(const char* name, const std::optional<std::string>& value) {
  ::SetEnvironmentVariableW(wide(name).c_str(), value ? wide(*value).c_str() : nullptr);
}

}  // namespace tritium
