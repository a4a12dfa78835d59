#include "base/environment.h"

#include <stdlib.h>

namespace tritium {

std::optional<std::string> environment(const char* name) {
  const char* value = ::getenv(name);
  return value ? std::optional<std::string>(value) : std::nullopt;
}

void set_environment(const char* name, const std::optional<std::string>& value) {
  value ? ::setenv(name, value->c_str(), 1) : ::unsetenv(name);
}

}  // namespace tritium
