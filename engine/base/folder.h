// What is in a folder. The standard library's iterators end the process where memory does.
#pragma once

#include <string>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

// Names in a folder, sorted, without "." and "..". io_error with the system's reason.
Result<std::vector<std::string>> names_in(const std::string& folder);

}  // namespace tritium
