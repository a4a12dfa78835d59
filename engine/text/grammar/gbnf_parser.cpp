#include "text/grammar/gbnf_parser.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"
#include "text/unicode.h"

namespace tritium::grammar {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_'; }

}  // namespace

std::string GbnfParser::place_of(size_t where) const {
  const std::string_view before = source_.substr(0, where);
  const size_t newline = before.rfind('\n');
  return join("line ", std::ranges::count(before, '\n') + 1, ", column ",
              before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1);
}

void GbnfParser::fail_at(size_t where, const std::string& what) const { throw Failure(place_of(where) + ": " + what); }

bool GbnfParser::skip(char c) {
  if (at_end() || source_[at_] != c) return false;
  ++at_;
  return true;
}

void GbnfParser::expect(char c, const char* where) {
  if (!skip(c)) fail(join("expected ", c, " ", where));
}

void GbnfParser::skip_blanks(bool lines) {
  for (; !at_end(); ++at_) {
    if (now() == '#') {
      at_ = std::min(source_.find('\n', at_), source_.size());
      if (at_end()) return;
    }
    if (now() != ' ' && now() != '\t' && !(lines && (now() == '\r' || now() == '\n'))) return;
  }
}

bool GbnfParser::next_line_goes_on() {
  const size_t here = at_;
  skip_blanks(true);
  if (now() == '|') return true;
  at_ = here;
  return false;
}

uint32_t GbnfParser::run() {
  for (skip_blanks(true); !at_end(); skip_blanks(true)) {
    check_cancelled();
    rule();
  }
  const Known* missing = nullptr;
  for (const auto& [name, known] : known_)
    if (known.defined == std::string_view::npos && (!missing || known.first_named < missing->first_named))
      missing = &known;
  if (missing)
    fail_at(missing->first_named, "rule " + rules_.all()[missing->rule].name + " is named, and nowhere defined");
  const auto root = known_.find("root");
  if (root == known_.end()) throw Failure("there is no rule named root, with which a text begins");
  return root->second.rule;
}

void GbnfParser::rule() {
  const size_t where = at_;
  const std::string_view text = name();
  const uint32_t index = rule_named(text, where);
  Known& known = known_.at(std::string(text));
  if (known.defined != std::string_view::npos)
    fail_at(where, join("rule ", text, " is defined twice; it was at ", place_of(known.defined)));
  known.defined = where;
  skip_blanks(false);
  if (!source_.substr(at_).starts_with("::=")) fail("expected ::= after the name of a rule");
  at_ += 3;
  skip_blanks(true);
  const Node body = alternatives(false);
  if (!at_end() && now() != '\n' && now() != '\r') fail(join("expected the end of rule ", text, ", not ", now()));
  rules_.define(index, body);
}

std::string_view GbnfParser::name() {
  const size_t begin = at_;
  while (is_name(now())) ++at_;
  if (begin == at_) fail("expected the name of a rule (letters, digits, - and _)");
  return source_.substr(begin, at_ - begin);
}

uint32_t GbnfParser::rule_named(std::string_view name, size_t where) {
  const auto [at, fresh] = known_.try_emplace(std::string(name));
  if (fresh) at->second = {.rule = rules_.declare(std::string(name)), .first_named = where};
  return at->second.rule;
}

Node GbnfParser::alternatives(bool nested) {
  std::vector<Node> parts = {sequence(nested)};
  while (now() == '|' || (!nested && next_line_goes_on())) {
    ++at_;
    skip_blanks(true);
    parts.push_back(sequence(nested));
  }
  return rules_.alternatives(std::move(parts));
}

Node GbnfParser::sequence(bool nested) {
  constexpr std::string_view kBegins = "\"[(.";
  std::vector<Node> parts;
  while (!at_end() && (is_name(now()) || kBegins.find(now()) != std::string_view::npos)) {
    Node part = element();
    skip_blanks(nested);
    while (now() == '*' || now() == '+' || now() == '?' || now() == '{') {
      part = repeated(part);
      skip_blanks(nested);
    }
    parts.push_back(part);
  }
  if (now() == '<' || now() == '!') {
    throw Failure(place_of(at_) + ": tokens in a grammar (<name>, <[id]>) are not supported: write their text",
                  StatusCode::unsupported);
  }
  return rules_.sequence(std::move(parts));
}

Node GbnfParser::element() {
  const size_t where = at_;
  if (skip('"')) return literal();
  if (skip('[')) return character_class();
  if (skip('.')) return rules_.characters(CharacterSet::all());
  if (!skip('(')) return rules_.rule(rule_named(name(), where));
  if (++depth_ > kDeepest) fail(join("brackets lie more than ", kDeepest, " deep within each other"));
  skip_blanks(true);
  const Node inner = alternatives(true);
  expect(')', "for the bracket that was opened");
  --depth_;
  return inner;
}

Node GbnfParser::repeated(Node part) {
  if (skip('*')) return rules_.repeat(part, 0, kUnbounded);
  if (skip('+')) return rules_.repeat(part, 1, kUnbounded);
  if (skip('?')) return rules_.optional(part);
  const size_t where = at_;
  expect('{', "of a repetition");
  skip_blanks(false);
  const uint32_t least = now() == ',' ? 0 : count();
  uint32_t most = least;
  skip_blanks(false);
  if (skip(',')) {
    skip_blanks(false);
    most = now() == '}' ? kUnbounded : count();
    skip_blanks(false);
  }
  expect('}', "after the numbers of a repetition");
  if (least > most) fail_at(where, join("a repetition of at least ", least, " and at most ", most));
  return rules_.repeat(part, least, most);
}

uint32_t GbnfParser::count() {
  if (!is_digit(now())) fail("expected a number");
  uint32_t n = 0;
  for (; is_digit(now()); ++at_) {
    n = n * 10 + static_cast<uint32_t>(now() - '0');
    if (n > kMostRepeated) fail(join("a repetition is at most ", kMostRepeated));
  }
  return n;
}

Node GbnfParser::literal() {
  std::string text;
  while (now() != '"') append_character(character('"'), text);
  ++at_;
  return rules_.bytes(std::move(text));
}

Node GbnfParser::character_class() {
  const bool negated = skip('^');
  CharacterSet set;
  while (now() != ']') {
    const size_t where = at_;
    const uint32_t first = character(']');
    uint32_t last = first;
    if (now() == '-' && at_ + 1 < source_.size() && source_[at_ + 1] != ']') {
      ++at_;
      last = character(']');
    }
    if (last < first) fail_at(where, "a range of characters whose end comes before its beginning");
    set.add(first, last);
  }
  ++at_;
  return rules_.characters(negated ? set.complement() : std::move(set));
}

uint32_t GbnfParser::character(char end) {
  if (at_end() || now() == '\n') fail(join("expected ", end, " before the end of the line"));
  if (skip('\\')) return escape();
  const Character c = character_at(source_, at_);
  at_ += c.length;
  return c.code;
}

uint32_t GbnfParser::escape() {
  constexpr std::string_view kThemselves = "\\\"[]-^";
  const char c = now();
  const size_t where = at_;
  if (!at_end()) ++at_;
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'x': return hex(2);
    case 'u': return hex(4);
    case 'U': return hex(8);
    default: break;
  }
  if (c == '\0' || kThemselves.find(c) == std::string_view::npos)
    fail_at(where, "unknown escape; there are \\n \\r \\t \\\\ \\\" \\[ \\] \\- \\^ \\xHH \\uHHHH \\UHHHHHHHH");
  return static_cast<uint32_t>(c);
}

uint32_t GbnfParser::hex(int digits) {
  const size_t where = at_;
  uint32_t code = 0;
  for (int i = 0; i < digits; ++i, ++at_) {
    const char c = now();
    const uint32_t digit = is_digit(c)              ? static_cast<uint32_t>(c - '0')
                           : (c >= 'a' && c <= 'f') ? static_cast<uint32_t>(c - 'a' + 10)
                           : (c >= 'A' && c <= 'F') ? static_cast<uint32_t>(c - 'A' + 10)
                                                    : 16;
    if (digit == 16) fail(join("expected ", digits, " hexadecimal digits"));
    code = code * 16 + digit;
  }
  if (code > kLastCharacter || (code >= 0xD800 && code <= 0xDFFF)) fail_at(where, "this is the number of no character");
  return code;
}

}  // namespace tritium::grammar
