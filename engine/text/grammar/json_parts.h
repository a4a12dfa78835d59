// The parts of JSON texts, each a rule that is made once. What they write is read by every parser: no lone surrogates,
// no numbers that overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/grammar/rules.h"

namespace tritium::grammar {

// Characters that stand for themselves in a string.
CharacterSet plain_characters();

// As JSON, without spaces; a number is written so that the same number is read.
std::string json_text(const Json& value);

class JsonParts {
 public:
  JsonParts(Rules& rules, bool whitespace) : rules_(rules), whitespace_(whitespace) {}

  Node space();                                 // perhaps nothing
  Node character();                             // of a string, escaped ones too; a pair of surrogates is one
  Node one_of(const CharacterSet& characters);  // one of them, escaped as it must be
  Node string();
  Node string_of(Node content) { return rules_.sequence({rules_.bytes("\""), content, rules_.bytes("\"")}); }
  // A string without escapes that is none of these.
  Node string_but(std::vector<std::string> names);
  Node integer();
  Node number();
  Node any();
  Node any_object();
  Node any_array();
  Node value(const Json& value) { return rules_.bytes(json_text(value)); }

  Node digits(uint32_t at_least, uint32_t at_most);
  // Whole numbers of decimal digits without a sign, first <= last.
  Node integers(uint64_t first, uint64_t last);

  // "[" item ("," item)* "]", with spaces.
  Node list(const char* open, Node items, const char* close);
  Node comma() { return rules_.sequence({rules_.bytes(","), space()}); }

 private:
  Node once(std::optional<Node>& made, const char* name, Node (JsonParts::*make)());
  Node make_space();
  Node make_character();
  Node make_string();
  Node make_integer();
  Node make_number();
  Node make_any_object();
  Node make_any_array();
  Node range(std::string_view first, std::string_view last);

  Rules& rules_;
  bool whitespace_;
  std::optional<Node> space_, character_, string_, integer_, number_, any_, any_object_, any_array_;
};

}  // namespace tritium::grammar
