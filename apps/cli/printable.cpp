#include "cli/printable.h"

#include <cstdint>

namespace tritium::cli {
namespace {

unsigned byte_at(std::string_view text, size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; }

// Bytes of the UTF-8 character at the beginning of `text`, which is not empty; 0: there is none.
size_t length_of_character(std::string_view text) {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  // Longer than need be, surrogates, beyond the last character.
  const unsigned next = byte_at(text, 1);
  const bool wrong = (lead == 0xE0 && next < 0xA0) || (lead == 0xED && next >= 0xA0) || (lead == 0xF0 && next < 0x90) ||
                     (lead == 0xF4 && next >= 0x90);
  return wrong ? 0 : length;
}

// C0, DEL, and C1 as UTF-8 writes it.
bool is_control(std::string_view character) {
  const unsigned lead = byte_at(character, 0);
  if (lead == '\n' || lead == '\t') return false;
  return lead < 0x20 || lead == 0x7F || (lead == 0xC2 && byte_at(character, 1) < 0xA0);
}

void write_out(std::string_view bytes, std::string& out) {
  constexpr const char* kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = length_of_character(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || is_control(character)) {
      write_out(character, out);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace tritium::cli
