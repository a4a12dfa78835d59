#include "base/dynamic_library.h"

#include <dlfcn.h>

#include <utility>

#include "base/format_text.h"

namespace tritium {

Result<DynamicLibrary> DynamicLibrary::open(const std::string& name) {
  if (void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) return DynamicLibrary(handle);
  const char* const reason = ::dlerror();
  return error(StatusCode::not_found, reason ? reason : name + ": does not load");
}

DynamicLibrary::DynamicLibrary(DynamicLibrary&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

DynamicLibrary::~DynamicLibrary() {
  if (handle_) ::dlclose(handle_);
}

void* DynamicLibrary::find(const char* symbol) const { return ::dlsym(handle_, symbol); }

}  // namespace tritium
