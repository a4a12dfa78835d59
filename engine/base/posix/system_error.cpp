#include "base/system_error.h"

#include <cerrno>
#include <cstring>

#include "base/format_text.h"

namespace tritium {

int last_system_error() { return errno; }

std::string system_message(int code) { return std::strerror(code); }

Status read_error(const std::string& path, int code) {
  return error(code == ENOENT ? StatusCode::not_found : StatusCode::io_error, path,
               ": cannot be read: ", system_message(code));
}

}  // namespace tritium
