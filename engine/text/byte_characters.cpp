#include "text/byte_characters.h"

#include <array>

#include "text/utf8.h"

namespace tritium {
namespace {

constexpr bool printable(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
}

struct Characters {
  std::array<std::array<char, 2>, 256> utf8{};
  std::array<uint8_t, 256> length{};
  std::array<int, 324> byte_of{};  // by code point; -1: none
};

constexpr Characters make_characters() {
  Characters c;
  c.byte_of.fill(-1);
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const unsigned point = printable(static_cast<int>(byte)) ? byte : next++;
    c.byte_of[point] = static_cast<int>(byte);
    c.length[byte] = point < 0x80 ? 1 : 2;
    if (point < 0x80) {
      c.utf8[byte] = {static_cast<char>(point), 0};
    } else {
      c.utf8[byte] = {static_cast<char>(0xC0 | (point >> 6)), static_cast<char>(0x80 | (point & 0x3F))};
    }
  }
  return c;
}

constexpr Characters kCharacters = make_characters();

}  // namespace

std::string_view character_of_byte(uint8_t byte) { return {kCharacters.utf8[byte].data(), kCharacters.length[byte]}; }

std::string characters_of_bytes(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) out += character_of_byte(static_cast<uint8_t>(byte));
  return out;
}

std::string bytes_of_characters(std::string_view characters) {
  std::string out;
  for (size_t at = 0; at < characters.size();) {
    const std::string_view rest = characters.substr(at);
    const size_t n = utf8_length(rest);
    const auto unit = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(rest[i])); };
    const size_t point = n == 1   ? unit(0)
                         : n == 2 ? (unit(0) & 0x1F) << 6 | (unit(1) & 0x3F)
                                  : kCharacters.byte_of.size();
    const bool whole = n > 1 || unit(0) < 0x80;
    if (whole && point < kCharacters.byte_of.size() && kCharacters.byte_of[point] >= 0) {
      out += static_cast<char>(kCharacters.byte_of[point]);
    } else {
      out += rest.substr(0, n);
    }
    at += n;
  }
  return out;
}

}  // namespace tritium
