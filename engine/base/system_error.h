// What the system says of a call that failed.
#pragma once

#include <string>

#include "tritium/status.hpp"

namespace tritium {

// errno, or Windows' GetLastError().
int last_system_error();
std::string system_message(int code);  // "No such file or directory"

// io_error "PATH: WHAT: reason".
Status system_error(const std::string& path, const char* what, int code = last_system_error());
// The same of something that is to be read: not_found where there is no such file.
Status read_error(const std::string& path, int code = last_system_error());

}  // namespace tritium
