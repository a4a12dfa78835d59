#include "base/system_error.h"

#include "base/format_text.h"

namespace tritium {

Status system_error(const std::string& path, const char* what, int code) {
  return error(StatusCode::io_error, path, ": ", what, ": ", system_message(code));
}

}  // namespace tritium
