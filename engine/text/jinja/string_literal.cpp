// A string of a template, between its quotes -> what it means: Python's escapes.
#include <string>
#include <string_view>

#include "text/jinja/characters.h"
#include "text/jinja/failure.h"

namespace tritium::jinja {
namespace {

int hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

class Literal {
 public:
  Literal(std::string_view inner, Place place) : inner_(inner), place_(place) {}

  std::string run() {
    while (at_ < inner_.size()) {
      if (inner_[at_] != '\\' || at_ + 1 == inner_.size()) {
        out_ += inner_[at_++];
      } else {
        escape(inner_[at_ + 1]);
      }
    }
    return std::move(out_);
  }

 private:
  void escape(char c) {
    at_ += 2;
    constexpr std::string_view kLetters = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t i = kLetters.find(c); i != std::string_view::npos) {
      out_ += kMeanings[i];
    } else if (c == 'x' || c == 'u' || c == 'U') {
      append_character(code(c == 'x' ? 2 : c == 'u' ? 4 : 8), out_);
    } else if (c >= '0' && c <= '7') {
      uint32_t value = static_cast<uint32_t>(c - '0');
      for (int i = 1; i < 3 && at_ < inner_.size() && inner_[at_] >= '0' && inner_[at_] <= '7'; ++i)
        value = value * 8 + static_cast<uint32_t>(inner_[at_++] - '0');
      append_character(value, out_);
    } else if (c != '\n') {  // a line end behind a backslash is nothing
      out_ += '\\';
      out_ += c;
    }
  }

  uint32_t code(int digits) {
    uint32_t value = hexadecimal(digits);
    // Two halves of a character beyond U+FFFF, as JSON writes them.
    if (digits == 4 && value >= 0xD800 && value < 0xDC00 && inner_.substr(at_).starts_with("\\u")) {
      const size_t before = at_;
      at_ += 2;
      const uint32_t low = hexadecimal(4);
      if (low >= 0xDC00 && low < 0xE000) return 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
      at_ = before;
    }
    if (value > 0x10FFFF) throw Failure("a string has an escape beyond the last character", place_);
    return value;
  }

  uint32_t hexadecimal(int digits) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const int digit = at_ < inner_.size() ? hexadecimal_digit(inner_[at_]) : -1;
      if (digit < 0) throw Failure("a string has an escape with too few hexadecimal digits", place_);
      value = value * 16 + static_cast<uint32_t>(digit);
      ++at_;
    }
    return value;
  }

  std::string_view inner_;
  Place place_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string meaning_of_literal(std::string_view inner, Place place) { return Literal(inner, place).run(); }

}  // namespace tritium::jinja
