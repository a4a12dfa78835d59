#include "text/jinja/characters.h"

#include <algorithm>
#include <array>

namespace tritium::jinja {
namespace {

struct Range {
  uint32_t first, last;
};

// Numeric_Type=Digit: digits in which no number is written.
constexpr std::array kFramedDigits = {
    Range{0xB2, 0xB3},       Range{0xB9, 0xB9},       Range{0x1369, 0x1371},   Range{0x19DA, 0x19DA},
    Range{0x2070, 0x2070},   Range{0x2074, 0x2079},   Range{0x2080, 0x2089},   Range{0x2460, 0x2468},
    Range{0x2474, 0x247C},   Range{0x2488, 0x2490},   Range{0x24EA, 0x24EA},   Range{0x24F5, 0x24FD},
    Range{0x24FF, 0x24FF},   Range{0x2776, 0x277E},   Range{0x2780, 0x2788},   Range{0x278A, 0x2792},
    Range{0x10A40, 0x10A43}, Range{0x10E60, 0x10E68}, Range{0x11052, 0x1105A}, Range{0x1F100, 0x1F10A}};

}  // namespace

bool is_space(uint32_t c) {
  return (c >= 28 && c < 32) || is_white_space(c);  // the four separators of ASCII are Python's addition
}

bool is_line_end(uint32_t c) {
  return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(uint32_t c) { return c == ' ' || is_visible(c); }

bool is_digit(uint32_t c) {
  const auto holds = [c](Range r) { return c >= r.first && c <= r.last; };
  return is_decimal_digit(c) || std::ranges::any_of(kFramedDigits, holds);
}

bool is_alphanumeric(uint32_t c) { return is_letter(c) || is_number(c); }

namespace {

// Each character by change(code, is it the first, the one before it).
template <typename Change>
std::string mapped(std::string_view text, const Change& change) {
  std::string out;
  uint32_t before = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    change(c.code, at == 0, before, out);
    before = c.code;
    at += c.length;
  }
  return out;
}

void append_upper(uint32_t code, std::string& out) {
  if (code == 0xDF) {
    out += "SS";  // the German letter that becomes two
  } else {
    append_character(to_upper(code), out);
  }
}

bool cased(uint32_t code) { return is_upper(code) || is_lower(code); }

}  // namespace

std::string upper(std::string_view text) {
  return mapped(text, [](uint32_t c, bool, uint32_t, std::string& out) { append_upper(c, out); });
}

std::string lower(std::string_view text) {
  return mapped(text, [](uint32_t c, bool, uint32_t, std::string& out) { append_character(to_lower(c), out); });
}

std::string capitalized(std::string_view text) {
  return mapped(text, [](uint32_t c, bool first, uint32_t, std::string& out) {
    append_character(first ? to_title(c) : to_lower(c), out);
  });
}

std::string titled(std::string_view text) {
  return mapped(text, [](uint32_t c, bool, uint32_t before, std::string& out) {
    append_character(cased(before) ? to_lower(c) : to_title(c), out);
  });
}

std::string titled_by_filter(std::string_view text) {
  return mapped(text, [](uint32_t c, bool first, uint32_t before, std::string& out) {
    const bool begins =
        first || is_space(before) ||
        std::string_view("-({[<").find(static_cast<char>(before < 128 ? before : 0)) != std::string_view::npos;
    begins ? append_upper(c, out) : append_character(to_lower(c), out);
  });
}

}  // namespace tritium::jinja
