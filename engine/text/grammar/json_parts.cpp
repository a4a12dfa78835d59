#include "text/grammar/json_parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/unicode.h"

namespace tritium::grammar {
namespace {

constexpr uint32_t kDigits = 18;  // of a whole number: those fit 64 bits

bool all_are(std::string_view text, char c) { return text.find_first_not_of(c) == std::string_view::npos; }

}  // namespace

CharacterSet plain_characters() { return CharacterSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}.complement(); }

Node JsonParts::once(std::optional<Node>& made, const char* name, Node (JsonParts::*make)()) {
  if (!made) {
    const uint32_t rule = rules_.declare(name);
    made = rules_.rule(rule);  // before its body, which may name it
    rules_.define(rule, (this->*make)());
  }
  return *made;
}

Node JsonParts::space() { return once(space_, "space", &JsonParts::make_space); }
Node JsonParts::character() { return once(character_, "character", &JsonParts::make_character); }
Node JsonParts::string() { return once(string_, "string", &JsonParts::make_string); }
Node JsonParts::integer() { return once(integer_, "integer", &JsonParts::make_integer); }
Node JsonParts::number() { return once(number_, "number", &JsonParts::make_number); }
Node JsonParts::any_object() { return once(any_object_, "any object", &JsonParts::make_any_object); }
Node JsonParts::any_array() { return once(any_array_, "any array", &JsonParts::make_any_array); }

Node JsonParts::make_space() {
  if (!whitespace_) return rules_.empty();
  const Node line =
      rules_.sequence({rules_.bytes("\n"), rules_.repeat(rules_.characters({{' ', ' '}, {'\t', '\t'}}), 0, 20)});
  return rules_.alternatives({rules_.empty(), rules_.bytes(" "), line});
}

Node JsonParts::make_character() {
  const CharacterSet hex = {{'0', '9'}, {'a', 'f'}, {'A', 'F'}};
  const auto four = [&](const CharacterSet& first, const CharacterSet& second) {
    return rules_.sequence({rules_.bytes("\\u"), rules_.characters(first), rules_.characters(second),
                            rules_.repeat(rules_.characters(hex), 2, 2)});
  };
  const CharacterSet d = {{'d', 'd'}, {'D', 'D'}};
  const Node high = four(d, {{'8', '9'}, {'a', 'b'}, {'A', 'B'}});
  const Node low = four(d, {{'c', 'f'}, {'C', 'F'}});
  CharacterSet short_escapes;
  for (const char c : std::string_view("\"\\/bfnrt"))
    short_escapes.add(static_cast<uint32_t>(c), static_cast<uint32_t>(c));
  return rules_.alternatives({rules_.characters(plain_characters()),
                              rules_.sequence({rules_.bytes("\\"), rules_.characters(short_escapes)}),
                              four(hex.without(d), hex), four(d, {{'0', '7'}}), rules_.sequence({high, low})});
}

// Within the rule itself, not by another one: most of JSON is the inside of strings.
Node JsonParts::make_string() { return string_of(rules_.repeat(make_character(), 0, kUnbounded)); }

Node JsonParts::one_of(const CharacterSet& characters) {
  constexpr std::array<std::pair<char, const char*>, 7> kShort = {
      {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"}, {'\f', "\\f"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}}};
  std::vector<Node> parts = {rules_.characters(characters.common_with(plain_characters()))};
  const CharacterSet escaped = characters.without(plain_characters());
  for (const CodeRange& r : escaped.ranges())
    for (uint32_t code = r.first; code <= r.last; ++code) {
      const auto known = std::ranges::find(kShort, static_cast<char>(code), &std::pair<char, const char*>::first);
      const std::string_view digits = "0123456789abcdef";
      parts.push_back(rules_.bytes(
          known != kShort.end() ? known->second : std::string("\\u00") + digits[code / 16] + digits[code % 16]));
    }
  return rules_.alternatives(std::move(parts));
}

// A tree of the names: a rule a node says how a string may go on that began as they do.
Node JsonParts::string_but(std::vector<std::string> names) {
  if (names.empty()) return string();
  std::ranges::sort(names);
  struct Level {
    uint32_t rule;
    size_t begin, end, depth;  // of the names that begin so, by so many bytes
  };
  std::vector<Level> open = {{rules_.declare("another name"), 0, names.size(), 0}};
  const Node first = rules_.rule(open[0].rule);
  const Node rest =
      rules_.sequence({rules_.repeat(rules_.characters(plain_characters()), 0, kUnbounded), rules_.bytes("\"")});
  while (!open.empty()) {
    const Level level = open.back();
    open.pop_back();
    size_t at = level.begin;
    const bool is_name = at < level.end && names[at].size() == level.depth;
    while (at < level.end && names[at].size() == level.depth) ++at;
    CharacterSet others = plain_characters();
    std::vector<Node> parts;
    if (!is_name) parts.push_back(rules_.bytes("\""));
    while (at < level.end) {
      const Character c = character_at(names[at], level.depth);
      const size_t begin = at;
      const std::string_view way = std::string_view(names[begin]).substr(0, level.depth + c.length);
      while (at < level.end && names[at].starts_with(way)) ++at;
      if (!plain_characters().contains(c.code)) continue;  // it is never written so
      others = others.without({{c.code, c.code}});
      open.push_back({rules_.declare("another name"), begin, at, level.depth + c.length});
      parts.push_back(rules_.sequence({rules_.characters({{c.code, c.code}}), rules_.rule(open.back().rule)}));
    }
    parts.push_back(rules_.sequence({rules_.characters(others), rest}));
    rules_.define(level.rule, rules_.alternatives(std::move(parts)));
  }
  return rules_.sequence({rules_.bytes("\""), first});
}

Node JsonParts::digits(uint32_t at_least, uint32_t at_most) {
  return rules_.repeat(rules_.characters({{'0', '9'}}), at_least, at_most);
}

Node JsonParts::make_integer() {
  const Node whole = rules_.alternatives(
      {rules_.bytes("0"), rules_.sequence({rules_.characters({{'1', '9'}}), digits(0, kDigits - 1)})});
  return rules_.sequence({rules_.optional(rules_.bytes("-")), whole});
}

Node JsonParts::make_number() {
  const Node fraction = rules_.sequence({rules_.bytes("."), digits(1, kDigits)});
  const Node sign = rules_.optional(rules_.characters({{'+', '+'}, {'-', '-'}}));
  const Node exponent = rules_.sequence({rules_.characters({{'e', 'e'}, {'E', 'E'}}), sign, digits(1, 2)});
  return rules_.sequence({make_integer(), rules_.optional(fraction), rules_.optional(exponent)});
}

// Numbers of the digits first … last, which are as many.
Node JsonParts::range(std::string_view first, std::string_view last) {
  const auto n = static_cast<uint32_t>(first.size());
  if (all_are(first, '0') && all_are(last, '9')) return digits(n, n);
  const auto digit = [](char c) { return static_cast<uint32_t>(c); };
  if (first[0] == last[0])
    return rules_.sequence({rules_.bytes(std::string(1, first[0])), range(first.substr(1), last.substr(1))});
  const std::string zeros(n - 1, '0'), nines(n - 1, '9');
  std::vector<Node> parts = {rules_.sequence({rules_.bytes(std::string(1, first[0])), range(first.substr(1), nines)}),
                             rules_.sequence({rules_.bytes(std::string(1, last[0])), range(zeros, last.substr(1))})};
  if (digit(first[0]) + 1 < digit(last[0]))
    parts.push_back(
        rules_.sequence({rules_.characters({{digit(first[0]) + 1, digit(last[0]) - 1}}), digits(n - 1, n - 1)}));
  return rules_.alternatives(std::move(parts));
}

Node JsonParts::integers(uint64_t first, uint64_t last) {
  std::vector<Node> parts;
  std::string from = std::to_string(first);
  const std::string to = std::to_string(last);
  for (; from.size() < to.size(); from = "1" + std::string(from.size(), '0'))
    parts.push_back(range(from, std::string(from.size(), '9')));
  parts.push_back(range(from, to));
  return rules_.alternatives(std::move(parts));
}

Node JsonParts::list(const char* open, Node item, const char* close) {
  const Node first = rules_.sequence({item, space()});
  const Node more = rules_.repeat(rules_.sequence({comma(), first}), 0, kUnbounded);
  return rules_.sequence(
      {rules_.bytes(open), space(), rules_.optional(rules_.sequence({first, more})), rules_.bytes(close)});
}

Node JsonParts::make_any_object() {
  return list("{", rules_.sequence({string(), rules_.bytes(":"), space(), any()}), "}");
}

Node JsonParts::make_any_array() { return list("[", any(), "]"); }

Node JsonParts::any() {
  if (!any_) {
    const uint32_t rule = rules_.declare("any value");
    any_ = rules_.rule(rule);
    rules_.define(rule, rules_.alternatives({any_object(), any_array(), string(), number(), rules_.bytes("true"),
                                             rules_.bytes("false"), rules_.bytes("null")}));
  }
  return *any_;
}

std::string json_text(const Json& value) {
  if (const bool* b = value.boolean()) return *b ? "true" : "false";
  if (const int64_t* i = value.integer()) return std::to_string(*i);
  if (const std::string* s = value.text()) return json_quoted(*s);
  if (const double* d = value.real()) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *d).ptr};
  }
  std::string text;
  if (const Json::Array* array = value.array()) {
    for (const Json& element : *array) text += (text.empty() ? "" : ",") + json_text(element);
    return "[" + text + "]";
  }
  if (const Json::Object* object = value.object()) {
    for (const Json::Member& m : *object)
      text += (text.empty() ? "" : ",") + json_quoted(m.name) + ":" + json_text(m.value);
    return "{" + text + "}";
  }
  return "null";
}

}  // namespace tritium::grammar
