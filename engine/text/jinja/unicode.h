// Characters as Python's strings know them: code points, white space, letters, upper and lower case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tritium::jinja {

struct Character {
  uint32_t code = 0;
  size_t length = 0;  // bytes
};

// The character that begins at that byte, which lies in the text; U+FFFD for a byte that begins none.
Character character_at(std::string_view text, size_t at);
void append_character(uint32_t code, std::string& out);

bool is_space(uint32_t code);
bool is_line_end(uint32_t code);  // as splitlines() cuts
bool is_printable(uint32_t code);
bool is_alphabetic(uint32_t code);
bool is_digit(uint32_t code);
bool is_upper(uint32_t code);
bool is_lower(uint32_t code);
uint32_t to_upper(uint32_t code);
uint32_t to_lower(uint32_t code);
std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalized(std::string_view text);  // the first character upper, the rest lower
// Each word so; str.title() begins words after everything that is no letter, the filter after "-", blanks and brackets.
std::string titled(std::string_view text);
std::string titled_by_filter(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace tritium::jinja
