#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "base/cancel.h"
#include "text/utf8.h"

namespace tritium {
namespace {

constexpr size_t kStretch = 4096;  // bytes that are normalised at once, where there is a place to cut
constexpr size_t kMostMarks = 256;

struct Range {
  uint32_t first, last;
};

// What is upper or lower case without being a letter of that category: Other_Uppercase, Other_Lowercase.
constexpr Range kOtherUpper[] = {
    {0x2160, 0x216F}, {0x24B6, 0x24CF}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
constexpr Range kOtherLower[] = {
    {0xAA, 0xAA},     {0xBA, 0xBA},     {0x2B0, 0x2B8},     {0x2C0, 0x2C1},     {0x2E0, 0x2E4},     {0x345, 0x345},
    {0x37A, 0x37A},   {0x1D2C, 0x1D6A}, {0x1D78, 0x1D78},   {0x1D9B, 0x1DBF},   {0x2071, 0x2071},   {0x207F, 0x207F},
    {0x2090, 0x209C}, {0x2170, 0x217F}, {0x24D0, 0x24E9},   {0x2C7C, 0x2C7D},   {0xA69C, 0xA69D},   {0xA770, 0xA770},
    {0xA7F8, 0xA7F9}, {0xAB5C, 0xAB5F}, {0x10780, 0x10780}, {0x10783, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA}};

bool within(std::span<const Range> ranges, uint32_t code) {
  return std::ranges::any_of(ranges, [&](Range r) { return code >= r.first && code <= r.last; });
}

utf8proc_int32_t signed_code(uint32_t code) { return static_cast<utf8proc_int32_t>(code); }
utf8proc_category_t category(uint32_t code) { return utf8proc_category(signed_code(code)); }

int options_of(NormalForm form) {
  switch (form) {
    case NormalForm::nfc: return UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    case NormalForm::nfd: return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    case NormalForm::nfkc: return UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    case NormalForm::nfkd: return UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
  }
  return 0;
}

// Valid UTF-8.
void append_normalized(std::string_view text, NormalForm form, std::string& out) {
  if (text.empty()) return;
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t n =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &raw, static_cast<utf8proc_option_t>(options_of(form)));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  if (n == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (n < 0) {
    out += text;
  } else {
    out.append(reinterpret_cast<const char*>(raw), static_cast<size_t>(n));
  }
}

// Bytes from `at` on that are normalised together: up to an ASCII character, which combines with nothing before it; up
// to what is no UTF-8; or within more marks than any script has, whose ordering takes the square of their number.
size_t stretch(std::string_view text, size_t at) {
  size_t marks = 0;
  size_t end = at;
  while (end < text.size()) {
    const std::string_view rest = text.substr(end);
    const bool ascii = static_cast<unsigned char>(rest[0]) < 0x80;
    if (ascii && end - at >= kStretch) break;
    if (utf8_state(rest) != Utf8::whole) break;
    const Character c = character_at(text, end);
    marks = !ascii && utf8proc_get_property(signed_code(c.code))->combining_class != 0 ? marks + 1 : 0;
    if (marks > kMostMarks) break;
    end += c.length;
  }
  return end - at;
}

template <typename Change>
std::string each_character(std::string_view text, const Change& change) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(at);
    if (utf8_state(text.substr(at)) != Utf8::whole) {
      out += text[at++];
      continue;
    }
    const Character c = character_at(text, at);
    change(c.code, out);
    at += c.length;
  }
  return out;
}

bool begins_character(std::string_view text) { return !text.empty() && utf8_state(text) == Utf8::whole; }

}  // namespace

Character character_at(std::string_view text, size_t at) {
  const std::string_view rest = text.substr(at);
  if (utf8_state(rest) != Utf8::whole) return {0xFFFD, 1};
  utf8proc_int32_t code = 0;
  const size_t n = utf8_length(rest);
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()), static_cast<utf8proc_ssize_t>(n), &code);
  return {static_cast<uint32_t>(code), n};
}

void append_character(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (!utf8proc_codepoint_valid(signed_code(code))) code = 0xFFFD;
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t n = utf8proc_encode_char(signed_code(code), bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(n));
}

bool is_white_space(uint32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter(uint32_t code) {
  const utf8proc_category_t c = category(code);
  return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal_digit(uint32_t code) { return category(code) == UTF8PROC_CATEGORY_ND; }

bool is_number(uint32_t code) {
  const utf8proc_category_t c = category(code);
  return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

bool is_visible(uint32_t code) {
  const utf8proc_category_t c = category(code);
  return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_SO;
}

bool is_upper(uint32_t code) { return category(code) == UTF8PROC_CATEGORY_LU || within(kOtherUpper, code); }

bool is_lower(uint32_t code) { return category(code) == UTF8PROC_CATEGORY_LL || within(kOtherLower, code); }

uint32_t to_upper(uint32_t code) { return static_cast<uint32_t>(utf8proc_toupper(signed_code(code))); }
uint32_t to_lower(uint32_t code) { return static_cast<uint32_t>(utf8proc_tolower(signed_code(code))); }
uint32_t to_title(uint32_t code) { return static_cast<uint32_t>(utf8proc_totitle(signed_code(code))); }

std::string normalized(std::string_view text, NormalForm form) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(text, ascii)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    check_cancelled();
    const size_t n = stretch(text, at);
    append_normalized(text.substr(at, n), form, out);
    at += n;
    if (n == 0) out += text[at++];
  }
  return out;
}

std::string lower_case(std::string_view text) {
  return each_character(text, [](uint32_t code, std::string& out) { append_character(to_lower(code), out); });
}

std::string without_marks(std::string_view text) {
  return each_character(text, [](uint32_t code, std::string& out) {
    if (category(code) != UTF8PROC_CATEGORY_MN) append_character(code, out);
  });
}

bool is_space(std::string_view character) {
  return begins_character(character) && is_white_space(character_at(character, 0).code);
}

bool is_word_character(std::string_view character) {
  if (!begins_character(character)) return false;
  const utf8proc_category_t c = category(character_at(character, 0).code);
  return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO) || c == UTF8PROC_CATEGORY_PC;
}

std::string_view last_character(std::string_view text) {
  size_t n = 1;
  while (n < 4 && n < text.size() && (static_cast<unsigned char>(text[text.size() - n]) & 0xC0) == 0x80) ++n;
  const std::string_view last = text.substr(text.size() - n);
  return utf8_length(last) == n ? last : text.substr(text.size() - 1);
}

size_t spaces_at_start(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && is_space(text.substr(n))) n += utf8_length(text.substr(n));
  return n;
}

size_t spaces_at_end(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && is_space(last_character(text.substr(0, text.size() - n))))
    n += last_character(text.substr(0, text.size() - n)).size();
  return n;
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    if (utf8_state(text.substr(at)) != Utf8::whole) return false;
    at += utf8_length(text.substr(at));
  }
  return true;
}

}  // namespace tritium
