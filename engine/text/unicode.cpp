#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/cancel.h"
#include "text/utf8.h"

namespace tritium {
namespace {

constexpr size_t kStretch = 4096;  // bytes that are normalised at once, where there is a place to cut
constexpr size_t kMostMarks = 256;

// -1: not UTF-8.
utf8proc_int32_t code_point(std::string_view text) {
  if (text.empty() || utf8_state(text) != Utf8::whole) return -1;
  utf8proc_int32_t point = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(utf8_length(text)), &point);
  return point;
}

void append(utf8proc_int32_t point, std::string& out) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const utf8proc_ssize_t n = utf8proc_encode_char(point, bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(std::max<utf8proc_ssize_t>(n, 0)));
}

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
    const utf8proc_int32_t point = code_point(rest);
    if (point < 0) break;
    marks = !ascii && utf8proc_get_property(point)->combining_class != 0 ? marks + 1 : 0;
    if (marks > kMostMarks) break;
    end += utf8_length(rest);
  }
  return end - at;
}

template <typename Change>
std::string each_character(std::string_view text, const Change& change) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    check_cancelled_every<4096>(at);
    const std::string_view rest = text.substr(at);
    const size_t n = utf8_length(rest);
    const utf8proc_int32_t point = code_point(rest);
    if (point < 0) {
      out += rest.substr(0, n);
    } else {
      change(point, out);
    }
    at += n;
  }
  return out;
}

}  // namespace

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
  return each_character(text, [](utf8proc_int32_t point, std::string& out) { append(utf8proc_tolower(point), out); });
}

std::string without_marks(std::string_view text) {
  return each_character(text, [](utf8proc_int32_t point, std::string& out) {
    if (utf8proc_category(point) != UTF8PROC_CATEGORY_MN) append(point, out);
  });
}

bool is_space(std::string_view character) {
  const utf8proc_int32_t p = code_point(character);
  return (p >= 9 && p <= 13) || p == 0x20 || p == 0x85 || p == 0xA0 || p == 0x1680 || (p >= 0x2000 && p <= 0x200A) ||
         p == 0x2028 || p == 0x2029 || p == 0x202F || p == 0x205F || p == 0x3000;
}

bool is_word_character(std::string_view character) {
  const utf8proc_int32_t p = code_point(character);
  if (p < 0) return false;
  const utf8proc_category_t c = utf8proc_category(p);
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
