// Where bytes are in others, in time linear in both.
#pragma once

#include <cstddef>
#include <string_view>

namespace tritium {

// The first place from `from` on; npos: none.
size_t find_bytes(std::string_view text, std::string_view part, size_t from);

}  // namespace tritium
