// Bytes as the printable characters by which byte-level vocabularies write them (Radford et al. 2019): 33 to 126, 161
// to 172 and 174 to 255 are themselves, the others, in order, U+0100 and on. A space is "Ġ".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tritium {

// The character of a byte, in UTF-8.
std::string_view character_of_byte(uint8_t byte);

std::string characters_of_bytes(std::string_view bytes);

// The way back; a character that stands for no byte gives itself.
std::string bytes_of_characters(std::string_view characters);

}  // namespace tritium
