// Text of files and models as a terminal may show it.
#pragma once

#include <string>
#include <string_view>

namespace tritium::cli {

// Control characters but line ends and tabs, and bytes that are not UTF-8, written out as \x1b: a terminal would obey
// them. Everything else stays as it is.
std::string printable(std::string_view text);

}  // namespace tritium::cli
