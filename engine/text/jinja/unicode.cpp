// Letters by the C library's table of all of Unicode, where it has one, else those of ASCII.
#include "text/jinja/unicode.h"

#include <clocale>
#include <cwctype>
#if __has_include(<xlocale.h>)
#include <xlocale.h>
#endif

#include "text/utf8.h"

namespace tritium::jinja {
namespace {

// Of the process, never freed: a table to read in. Null: the system has none.
locale_t letters() {
  static const locale_t table = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return table;
}

bool ascii_letter(uint32_t code) { return (code | 32) >= 'a' && (code | 32) <= 'z'; }

}  // namespace

Character character_at(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  if (utf8_state(rest) != Utf8::whole) return {0xFFFD, 1};
  const size_t n = utf8_length(rest);
  const auto lead = static_cast<unsigned char>(rest[0]);
  uint32_t code = n == 1 ? lead : lead & (0xFFU >> (n + 1));
  for (size_t i = 1; i < n; ++i) code = (code << 6) | (static_cast<unsigned char>(rest[i]) & 0x3F);
  return {code, n};
}

void append_character(uint32_t code, std::string& out) {
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool is_space(uint32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_line_end(uint32_t c) {
  return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(uint32_t c) {
  if (c < 0x7F) return c >= 32;
  if (c < 0xA1 || c == 0xAD || is_space(c)) return false;
  const bool invisible = (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
                         c == 0x61C || c == 0x180E || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || c >= 0xE0000;
  return !invisible && !(c >= 0xE000 && c < 0xF900) && (c & 0xFFFE) != 0xFFFE;
}

bool is_alphabetic(uint32_t c) {
  if (c < 128 || !letters()) return ascii_letter(c);
  return iswalpha_l(static_cast<wint_t>(c), letters()) != 0 && !is_digit(c);
}

bool is_digit(uint32_t c) {
  if (c < 128) return c >= '0' && c <= '9';
  return (c >= 0x660 && c <= 0x669) || (c >= 0x6F0 && c <= 0x6F9) || (c >= 0x966 && c <= 0x96F) ||
         (c >= 0xFF10 && c <= 0xFF19);
}

bool is_upper(uint32_t c) {
  if (c < 128 || !letters()) return c >= 'A' && c <= 'Z';
  return iswupper_l(static_cast<wint_t>(c), letters()) != 0;
}

bool is_lower(uint32_t c) {
  if (c < 128 || !letters()) return c >= 'a' && c <= 'z';
  return iswlower_l(static_cast<wint_t>(c), letters()) != 0;
}

uint32_t to_upper(uint32_t c) {
  if (c < 128 || !letters()) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return static_cast<uint32_t>(towupper_l(static_cast<wint_t>(c), letters()));
}

uint32_t to_lower(uint32_t c) {
  if (c < 128 || !letters()) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return static_cast<uint32_t>(towlower_l(static_cast<wint_t>(c), letters()));
}

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
    append_character(first ? to_upper(c) : to_lower(c), out);
  });
}

std::string titled(std::string_view text) {
  return mapped(text, [](uint32_t c, bool, uint32_t before, std::string& out) {
    append_character(cased(before) ? to_lower(c) : to_upper(c), out);
  });
}

std::string titled_by_filter(std::string_view text) {
  return mapped(text, [](uint32_t c, bool first, uint32_t before, std::string& out) {
    const bool begins =
        first || is_space(before) ||
        std::string_view("-({[<").find(static_cast<char>(before < 128 ? before : 0)) != std::string_view::npos;
    append_character(begins ? to_upper(c) : to_lower(c), out);
  });
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (utf8_state(text.substr(at)) != Utf8::whole) return false;
    at += utf8_length(text.substr(at));
  }
  return true;
}

}  // namespace tritium::jinja
