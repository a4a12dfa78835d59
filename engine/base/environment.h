// Variables of the environment, in UTF-8.
#pragma once

#include <optional>
#include <string>

namespace tritium {

// None: it is not set.
std::optional<std::string> environment(const char* name);
// For this process, and those that it starts. Not while another thread looks at the environment.
void set_environment(const char* name, const std::optional<std::string>& value);

// Between the entries of a list of paths: ':', or ';' where ':' stands behind the letter of a drive.
#if defined(_WIN32)
constexpr char kPathListSeparator = ';';
#else
constexpr char kPathListSeparator = ':';
#endif

}  // namespace tritium
