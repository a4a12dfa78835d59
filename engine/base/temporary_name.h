// How files are called while they are written: ".NAME.0123456789abcdef.tmp" beside NAME.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tritium {

// Of a name that would become too long, so much of its beginning.
constexpr size_t kLongestName = 200;

// Another one with each call, which others cannot guess.
std::string new_temporary_name(std::string_view name);
// The name that a temporary file is written for; empty: it is none.
std::string_view name_behind(std::string_view temporary);

}  // namespace tritium
