#include "base/dynamic_library.h"

#include "base/format_text.h"
#include "base/system_error.h"
#include "base/windows/handles.h"

namespace tritium {

Result<DynamicLibrary> DynamicLibrary::open(const std::string& name) {
  // Not from the folder that the process happens to be in.
  constexpr DWORD kWhere = LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
  if (const HMODULE module = ::LoadLibraryExW(wide(name).c_str(), nullptr, kWhere)) return DynamicLibrary(module);
  return error(StatusCode::not_found, name, ": ", system_message(last_system_error()));
}

DynamicLibrary::DynamicLibrary(DynamicLibrary&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

DynamicLibrary::~DynamicLibrary() {
  if (handle_) ::FreeLibrary(static_cast<HMODULE>(handle_));
}

void* DynamicLibrary::find(const char* symbol) const {
  return reinterpret_cast<void*>(::GetProcAddress(static_cast<HMODULE>(handle_), symbol));
}

}  // namespace tritium
