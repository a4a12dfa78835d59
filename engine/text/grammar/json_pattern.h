// A regular expression (ECMA-262, what of it is regular and needs no properties of characters) -> how JSON writes the
// strings that match it.
#pragma once

#include <string_view>

#include "text/grammar/json_parts.h"

namespace tritium::grammar {

// The content of such a string. Without ^ or $ anything may stand before or after. Throws Failure.
Node json_pattern(std::string_view pattern, JsonParts& parts, Rules& rules);

}  // namespace tritium::grammar
