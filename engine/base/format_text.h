// Builds message text: join("file has ", 3, " rows"). Enough for errors and labels, without a formatting library.
#pragma once

#include <sstream>
#include <string>

#include "tritium/status.hpp"

namespace tritium {

template <typename... Parts>
std::string join(const Parts&... parts) {
  std::ostringstream out;
  out.exceptions(std::ios_base::badbit);  // a stream would swallow that memory is used up, and go on with half a text
  (out << ... << parts);
  return std::move(out).str();
}

template <typename... Parts>
Status error(StatusCode code, const Parts&... parts) {
  return Status(code, join(parts...));
}

}  // namespace tritium
