// What Unicode says of characters: normal forms, case, white space, letters and words. By utf8proc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tritium {

struct Character {
  uint32_t code = 0;
  size_t length = 0;  // bytes
};

// The character that begins at that byte, which lies in the text; U+FFFD for a byte that begins none.
Character character_at(std::string_view text, size_t at);
void append_character(uint32_t code, std::string& out);  // U+FFFD for a number that is no character

// Of code points, by their general category and their properties of the same names.
bool is_white_space(uint32_t code);
bool is_letter(uint32_t code);         // L*
bool is_decimal_digit(uint32_t code);  // Nd
bool is_number(uint32_t code);         // N*
bool is_visible(uint32_t code);        // assigned, and neither control, format, private nor a separator
bool is_upper(uint32_t code);
bool is_lower(uint32_t code);

// The one code point that is the other case, or itself.
uint32_t to_upper(uint32_t code);
uint32_t to_lower(uint32_t code);
uint32_t to_title(uint32_t code);

enum class NormalForm { nfc, nfd, nfkc, nfkd };

// Bytes that are no UTF-8 stay as they are. O(n): a run of more than a few hundred combining marks is ordered a part at
// a time.
std::string normalized(std::string_view text, NormalForm form);

// Each character by itself; one that has no lower case stays.
std::string lower_case(std::string_view text);

// Without marks that take no room of their own (general category Mn).
std::string without_marks(std::string_view text);

// Of one character; false for what is no UTF-8. White_Space; letters, marks, numbers and connectors.
bool is_space(std::string_view character);
bool is_word_character(std::string_view character);

// Bytes of white space at the beginning, and at the end, of a text.
size_t spaces_at_start(std::string_view text);
size_t spaces_at_end(std::string_view text);

// The last character of a text that is not empty.
std::string_view last_character(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace tritium
