#include "text/grammar/json_pattern.h"

#include <optional>
#include <utility>

#include "base/format_text.h"
#include "text/grammar/failure.h"
#include "text/unicode.h"

namespace tritium::grammar {
namespace {

const CharacterSet kDigit = {{'0', '9'}};
const CharacterSet kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const CharacterSet kLineEnd = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
const CharacterSet kSpace = {{'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                             {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};

CharacterSet just(uint32_t code) { return {{code, code}}; }

class PatternReader {
 public:
  PatternReader(std::string_view pattern, JsonParts& parts, Rules& rules)
      : pattern_(pattern), parts_(parts), rules_(rules) {}

  Node run() {
    const Node anything = rules_.repeat(parts_.character(), 0, kUnbounded);
    std::vector<Node> ways;
    do {
      std::vector<Node> way;
      if (!skip('^')) way.push_back(anything);
      way.push_back(sequence());
      if (!skip('$')) way.push_back(anything);
      ways.push_back(rules_.sequence(std::move(way)));
    } while (skip('|'));
    if (!at_end()) fail(now() == ')' ? "a bracket is closed that was not opened" : "^ and $ stand only at the ends");
    return rules_.alternatives(std::move(ways));
  }

 private:
  static constexpr int kDeepest = 100;

  bool at_end() const { return at_ == pattern_.size(); }
  char now() const { return at_end() ? '\0' : pattern_[at_]; }
  bool skip(char c) {
    if (at_end() || pattern_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool skip(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Failure(join("pattern ", json_quoted(pattern_), ", byte ", at_ + 1, ": ", what), StatusCode::unsupported);
  }

  Node alternatives() {
    std::vector<Node> ways = {sequence()};
    while (skip('|')) ways.push_back(sequence());
    return rules_.alternatives(std::move(ways));
  }
  Node sequence() {
    std::vector<Node> parts;
    while (!at_end() && now() != '|' && now() != ')' && now() != '^' && now() != '$') parts.push_back(repeated(atom()));
    return rules_.sequence(std::move(parts));
  }
  Node atom() {
    if (skip('(')) return group();
    if (skip('[')) return parts_.one_of(set());
    if (skip('.')) return parts_.one_of(kLineEnd.complement());
    if (now() == '*' || now() == '+' || now() == '?' || now() == '{') fail("there is nothing to repeat");
    if (skip('\\')) return parts_.one_of(escaped(false));
    return parts_.one_of(just(plain()));
  }
  uint32_t plain() {
    const Character c = character_at(pattern_, at_);
    at_ += c.length;
    return c.code;
  }
  Node group() {
    if (++depth_ > kDeepest) fail("brackets lie too deep within each other");
    if (skip('?') && !skip(':')) {
      if (!skip('<') || now() == '=' || now() == '!') fail("looking ahead or back is not supported");
      const size_t end = pattern_.find('>', at_);
      if (end == std::string_view::npos) fail("a group's name has no end");
      at_ = end + 1;
    }
    const Node inner = alternatives();
    if (now() == '^' || now() == '$') fail("^ and $ within brackets are not supported");
    if (!skip(')')) fail("a bracket is not closed");
    --depth_;
    return inner;
  }
  Node repeated(Node part) {
    for (bool again = false;; again = true) {
      uint32_t least = 0, most = kUnbounded;
      if (skip('*')) {
      } else if (skip('+')) {
        least = 1;
      } else if (skip('?')) {
        most = 1;
      } else if (skip('{')) {
        least = most = count();
        if (skip(',')) most = now() == '}' ? kUnbounded : count();
        if (!skip('}')) fail("expected } after the numbers of a repetition");
        if (least > most) fail("a repetition of at least more than at most");
      } else {
        return part;
      }
      if (again) fail("a repetition of a repetition");
      skip('?');  // as few as possible: the same texts match
      part = rules_.repeat(part, least, most);
    }
  }
  uint32_t count() {
    constexpr uint32_t kMost = 100'000;
    if (now() < '0' || now() > '9') fail("expected a number");
    uint32_t n = 0;
    for (; now() >= '0' && now() <= '9'; ++at_)
      if ((n = n * 10 + static_cast<uint32_t>(now() - '0')) > kMost) fail(join("a repetition is at most ", kMost));
    return n;
  }
  uint32_t hex(int digits) {
    uint32_t code = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const size_t digit = std::string_view("0123456789abcdefABCDEF").find(now());
      if (at_end() || digit == std::string_view::npos) fail(join("expected ", digits, " hexadecimal digits"));
      code = code * 16 + static_cast<uint32_t>(digit < 16 ? digit : digit - 6);
    }
    return code;
  }
  uint32_t unit() {
    const uint32_t code = hex(4);
    if (code >= 0xD800 && code <= 0xDFFF) fail("half of a pair of surrogates: write the character itself");
    return code;
  }
  CharacterSet escaped(bool in_set) {
    if (at_end()) fail("a \\ stands at the end");
    switch (const uint32_t c = plain(); c) {
      case 'd': return kDigit;
      case 'D': return kDigit.complement();
      case 'w': return kWord;
      case 'W': return kWord.complement();
      case 's': return kSpace;
      case 'S': return kSpace.complement();
      case 'n': return just('\n');
      case 'r': return just('\r');
      case 't': return just('\t');
      case 'f': return just('\f');
      case 'v': return just('\v');
      case 'x': return just(hex(2));
      case 'u': return just(unit());
      case 'b':
        if (in_set) return just('\b');
        [[fallthrough]];
      default:
        if (c < 0x80 && is_word_character(std::string(1, static_cast<char>(c))))
          fail(join("\\", static_cast<char>(c), " is not supported"));
        return just(c);
    }
  }
  CharacterSet element() { return skip('\\') ? escaped(true) : just(plain()); }
  CharacterSet set() {
    const bool negated = skip('^');
    CharacterSet all;
    while (now() != ']') {
      if (at_end()) fail("a set of characters is not closed");
      const CharacterSet first = element();
      if (now() != '-' || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']') {
        all.add(first);
        continue;
      }
      ++at_;
      const CharacterSet last = element();
      const auto single = [&](const CharacterSet& s) {
        if (s.ranges().size() != 1 || s.ranges()[0].first != s.ranges()[0].last)
          fail("a range has a character at each end");
        return s.ranges()[0].first;
      };
      if (single(last) < single(first)) fail("a range whose end comes before its beginning");
      all.add(single(first), single(last));
    }
    ++at_;
    return negated ? all.complement() : all;
  }

  std::string_view pattern_;
  JsonParts& parts_;
  Rules& rules_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Node json_pattern(std::string_view pattern, JsonParts& parts, Rules& rules) {
  return PatternReader(pattern, parts, rules).run();
}

}  // namespace tritium::grammar
