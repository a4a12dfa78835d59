// The little of UTF-8 that a tokenizer needs.
#pragma once

#include <cstddef>
#include <string_view>

namespace tritium {

// Bytes that the sequence beginning with this byte should have: 1 to 4; 0 for a byte that cannot begin one.
constexpr size_t utf8_expected_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

enum class Utf8 { whole, incomplete, invalid };

// What stands at the beginning of `text` (not empty), by its lead and continuation bytes, overlong forms and surrogates
// excluded.
constexpr Utf8 utf8_state(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t n = utf8_expected_length(byte(0));
  if (n == 0) return Utf8::invalid;
  for (size_t i = 1; i < n; ++i) {
    if (i == text.size()) return Utf8::incomplete;
    if ((byte(i) & 0xC0) != 0x80) return Utf8::invalid;
    if (i == 1) {
      const unsigned char lead = byte(0), second = byte(1);
      if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
          (lead == 0xF4 && second > 0x8F))
        return Utf8::invalid;
    }
  }
  return Utf8::whole;
}

// Bytes of the character at the beginning of `text` (not empty); 1 for what is not valid.
constexpr size_t utf8_length(std::string_view text) {
  return utf8_state(text) == Utf8::whole ? utf8_expected_length(static_cast<unsigned char>(text[0])) : 1;
}

}  // namespace tritium
