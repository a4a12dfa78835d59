// Characters as Python's strings know them, where they differ from Unicode's words: white space, digits, cases of
// texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/unicode.h"

namespace tritium::jinja {

bool is_space(uint32_t code);
bool is_line_end(uint32_t code);  // as splitlines() cuts
bool is_printable(uint32_t code);
bool is_digit(uint32_t code);  // decimal ones, and those that stand higher, lower or in a frame
bool is_alphanumeric(uint32_t code);
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalized(std::string_view text);  // the first character upper, the rest lower
// Each word so; str.title() begins words after everything that is no letter, the filter after "-", blanks and brackets.
std::string titled(std::string_view text);
std::string titled_by_filter(std::string_view text);
}  // namespace tritium::jinja
