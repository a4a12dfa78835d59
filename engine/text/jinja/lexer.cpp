// The lexer.
#include "text/jinja/lexer.h"

#include <array>

#include "base/format_text.h"
#include "text/jinja/characters.h"

namespace tritium::jinja {

// string_literal.cpp
std::string meaning_of_literal(std::string_view inner, Place place);

namespace {

bool word_begins(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z');
}
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_goes_on(char c) { return word_begins(c) || digit(c); }

// One kind of line end; and the last one of a template is none.
std::string one_line_end(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    text += source[i] == '\r' ? '\n' : source[i];
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const size_t tag = next_tag();
      if (tag == std::string::npos) {
        put_text(std::string_view(source_).substr(at_));
        at_ = source_.size();
        break;
      }
      begin_tag(tag);
    }
    put(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view text) const { return std::string_view(source_).substr(at_).starts_with(text); }
  Place place() {
    for (; counted_ < at_; ++counted_) {
      if (source_[counted_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(source_[counted_]) & 0xC0) != 0x80) {
        ++place_.column;
      }
    }
    return place_;
  }
  void put(Token::Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), place()}); }
  void put_text(std::string_view text) {
    if (!text.empty()) put(Token::Kind::text, std::string(text));
  }
  void skip_space() {
    while (at_ < source_.size()) {
      const Character c = character_at(source_, at_);
      if (!is_space(c.code)) return;
      at_ += c.length;
    }
  }

  size_t next_tag() const {
    for (size_t i = source_.find('{', at_); i != std::string::npos; i = source_.find('{', i + 1)) {
      const char next = i + 1 < source_.size() ? source_[i + 1] : '\0';
      if (next == '{' || next == '%' || next == '#') return i;
    }
    return std::string::npos;
  }

  // The text from `at_` to `end`, without the white space that the sign of the tag there takes.
  std::string_view text_before(size_t end, char sign, bool print) {
    std::string_view text = std::string_view(source_).substr(at_, end - at_);
    if (sign == '-') {
      while (!text.empty()) {
        size_t last = text.size() - 1;
        while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
        if (!is_space(character_at(text, last).code)) break;
        text = text.substr(0, last);
      }
    } else if (sign != '+' && !print) {
      const size_t line_end = text.rfind('\n');
      const size_t line = line_end == std::string_view::npos ? 0 : line_end + 1;
      bool blank = line > 0 || line_starting_;
      for (size_t i = line; blank && i < text.size();) {
        const Character c = character_at(text, i);
        blank = is_space(c.code);
        i += c.length;
      }
      if (blank) text = text.substr(0, line);
    }
    return text;
  }

  void begin_tag(size_t tag) {
    const char what = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    const bool has_sign = sign == '-' || (sign == '+' && what != '{');
    const std::string_view text = text_before(tag, has_sign ? sign : '\0', what == '{');
    put_text(text);
    at_ = tag;
    const Place begun = place();
    at_ = tag + (has_sign ? 3 : 2);
    if (what == '#') return skip_comment(begun);
    if (what == '%' && raw(begun)) return;
    put(what == '{' ? Token::Kind::print_begin : Token::Kind::block_begin, "");
    tokens_.back().place = begun;
    words_of_tag(what == '{', begun);
  }

  // After "}" of a tag that ended there: `sign` before it and the line end behind it.
  void end_of_block(char sign) {
    if (sign == '-') {
      const size_t before = at_;
      skip_space();
      line_starting_ = at_ > before && source_[at_ - 1] == '\n';
    } else {
      line_starting_ = sign != '+' && peek() == '\n';
      if (line_starting_) ++at_;
    }
  }

  void skip_comment(Place begun) {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) throw Failure("this comment has no end: #} is missing", begun);
    const char sign = end > at_ ? source_[end - 1] : '\0';
    at_ = end + 2;
    end_of_block(sign);
  }

  // "{% raw %}" after its "{%": all up to its end is text. False: it is none.
  bool raw(Place begun) {
    const size_t start = at_;
    skip_space();
    const bool named = looking_at("raw") && !word_goes_on(peek(3));
    at_ += named ? 3 : 0;
    skip_space();
    const bool minus = looking_at("-%}");
    if (!named || !(minus || looking_at("%}"))) {
      at_ = start;
      return false;
    }
    at_ += minus ? 3 : 2;
    if (minus) skip_space();
    const size_t body = at_;
    line_starting_ = source_[at_ - 1] == '\n';
    for (size_t tag = source_.find("{%", at_); tag != std::string::npos; tag = source_.find("{%", tag + 2)) {
      at_ = tag + 2;
      const char sign = peek() == '-' || peek() == '+' ? peek() : '\0';
      if (sign) ++at_;
      skip_space();
      if (!looking_at("endraw") || word_goes_on(peek(6))) continue;
      at_ += 6;
      skip_space();
      const char closing = peek() == '-' || peek() == '+' ? peek() : '\0';
      if (closing) ++at_;
      if (!looking_at("%}")) continue;
      const size_t end = at_ + 2;
      at_ = body;
      put_text(text_before(tag, sign, false));
      at_ = end;
      end_of_block(closing);
      return true;
    }
    throw Failure("this raw block has no end: {% endraw %} is missing", begun);
  }

  bool ends_tag(bool print) {
    if (!open_.empty()) return false;
    const std::string_view end = print ? "}}" : "%}";
    const bool sign = peek() == '-' || (peek() == '+' && !print);
    if (!std::string_view(source_).substr(at_ + (sign ? 1 : 0)).starts_with(end)) return false;
    const char c = sign ? peek() : '\0';
    put(print ? Token::Kind::print_end : Token::Kind::block_end, "");
    at_ += end.size() + (sign ? 1 : 0);
    if (print) {
      line_starting_ = false;
      if (sign) end_of_block('-');
    } else {
      end_of_block(c);
    }
    return true;
  }

  void words_of_tag(bool print, Place begun) {
    open_.clear();
    for (;;) {
      skip_space();
      if (at_ >= source_.size())
        throw Failure(join("this tag has no end: ", print ? "}}" : "%}", " is missing"), begun);
      if (ends_tag(print)) return;
      const char c = peek();
      if (word_begins(c)) {
        word();
      } else if (digit(c)) {
        number();
      } else if (c == '"' || c == '\'') {
        string(c);
      } else {
        symbol();
      }
    }
  }

  void word() {
    size_t end = at_;
    while (end < source_.size() && word_goes_on(source_[end])) ++end;
    put(Token::Kind::name, source_.substr(at_, end - at_));
    at_ = end;
  }

  size_t digits(size_t at) const {
    while (at < source_.size() &&
           (digit(source_[at]) || (source_[at] == '_' && at + 1 < source_.size() && digit(source_[at + 1]))))
      ++at;
    return at;
  }

  void number() {
    const size_t begin = at_;
    const char base = static_cast<char>(peek(1) | 32);
    if (peek() == '0' && (base == 'x' || base == 'o' || base == 'b')) {
      size_t end = at_ + 2;
      while (end < source_.size() && word_goes_on(source_[end])) ++end;
      put(Token::Kind::integer, source_.substr(begin, end - begin));
      at_ = end;
      return;
    }
    size_t end = digits(at_);
    bool real = false;
    const bool after_dot = !tokens_.empty() && tokens_.back().is_symbol(".");
    const auto at = [&](size_t i) { return i < source_.size() ? source_[i] : '\0'; };
    if (!after_dot && at(end) == '.' && digit(at(end + 1))) {
      end = digits(end + 1);
      real = true;
    }
    const size_t exponent = end + 1 + (at(end + 1) == '+' || at(end + 1) == '-' ? 1 : 0);
    if (!after_dot && (at(end) | 32) == 'e' && digit(at(exponent))) {
      end = digits(exponent);
      real = true;
    }
    std::string text;
    for (size_t i = begin; i < end; ++i)
      if (source_[i] != '_') text += source_[i];
    put(real ? Token::Kind::real : Token::Kind::integer, text);
    at_ = end;
  }

  void string(char quote) {
    const Place begun = place();
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) throw Failure(join("this string has no end: ", quote, " is missing"), begun);
    put(Token::Kind::string, meaning_of_literal(std::string_view(source_).substr(at_ + 1, end - at_ - 1), begun));
    at_ = end + 1;
  }

  void symbol() {
    constexpr std::array<std::string_view, 26> kSymbols = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                                           "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                           ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    for (const std::string_view s : kSymbols) {
      if (!looking_at(s)) continue;
      const char c = s[0];
      if (c == '(' || c == '[' || c == '{') open_ += c == '(' ? ')' : c == '[' ? ']' : '}';
      if (c == ')' || c == ']' || c == '}') {
        if (open_.empty() || open_.back() != c)
          throw Failure(
              open_.empty() ? join("unexpected ", s) : join("unexpected ", s, ", ", open_.back(), " was expected"),
              place());
        open_.pop_back();
      }
      put(Token::Kind::symbol, std::string(s));
      at_ += s.size();
      return;
    }
    const Character c = character_at(source_, at_);
    throw Failure(join("unexpected character ", source_.substr(at_, c.length)), place());
  }

  std::string source_;
  size_t at_ = 0;
  size_t counted_ = 0;  // bytes that place_ is past
  Place place_ = {1, 1};
  bool line_starting_ = true;
  std::string open_;  // the brackets that the open ones of this tag need
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Lexer(one_line_end(source)).run(); }

}  // namespace tritium::jinja
