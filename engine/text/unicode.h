// What Unicode says of characters: normal forms, lower case, white space and words.
#pragma once

#include <string>
#include <string_view>

namespace tritium {

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
