// Text that a person hands over: a file, or what comes through a pipe.
#pragma once

#include <string>

#include "tritium/tritium.hpp"

namespace tritium::cli {

// All of a file, byte for byte; "-" is stdin. io_error names the file and what the system said.
Result<std::string> read_text(const std::string& path);

}  // namespace tritium::cli
