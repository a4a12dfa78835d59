// Cutting texts as Python's methods of strings do. The pieces keep their marks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/jinja/budget.h"
#include "text/jinja/text.h"

namespace tritium::jinja {

enum class Side : uint8_t { left = 1, right = 2, both = 3 };

// Without the characters at its ends that are white space, or among `characters`.
Text stripped(const Text& text, Side side, const Text* characters, Budget& budget);
// Where `part` begins at or after `from`; npos: nowhere. Linear.
size_t find_part(const Text& text, std::string_view part, size_t from, Budget& budget);
// Where it begins last.
size_t find_last(const Text& text, std::string_view part, Budget& budget);
// At white space (no separator) or at each separator; at most so many times, from the left or from the right.
std::vector<Text> split(const Text& text, const Text* separator, int64_t most, bool from_right, Budget& budget);
std::vector<Text> lines_of(const Text& text, bool keep_ends, Budget& budget);
Text replaced(const Text& text, const Text& what, const Text& by, int64_t most, Budget& budget);
Text joined(const std::vector<Text>& parts, const Text& between, Budget& budget);
// With so many fill characters before and behind it.
Text padded(const Text& text, int64_t before, int64_t behind, std::string_view fill, Budget& budget);

}  // namespace tritium::jinja
