// A grammar as it is written: rules whose bodies are expressions over characters and other rules. What reads a notation
// builds one; network.h makes of it what is followed.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "text/grammar/character_set.h"

namespace tritium::grammar {

using Node = uint32_t;  // of the expressions of a Rules

inline constexpr uint32_t kUnbounded = std::numeric_limits<uint32_t>::max();

struct Expression {
  enum class Kind : uint8_t { bytes, characters, sequence, alternatives, repeat, rule };
  Kind kind = Kind::sequence;
  std::string bytes;        // that text
  CharacterSet characters;  // one of them
  std::vector<Node> parts;  // of a sequence or of alternatives (none: nothing fits); repeated is the only one
  uint32_t at_least = 0;
  uint32_t at_most = kUnbounded;
  uint32_t rule = 0;
  uint32_t depth = 0;  // of expressions within it
};

struct Rule {
  std::string name;
  Node body = 0;
  bool defined = false;
};

class Rules {
 public:
  Node bytes(std::string text);
  Node characters(CharacterSet set);
  Node sequence(std::vector<Node> parts);
  Node alternatives(std::vector<Node> parts);
  Node repeat(Node part, uint32_t at_least, uint32_t at_most);
  Node optional(Node part) { return repeat(part, 0, 1); }
  Node rule(uint32_t index);
  Node empty() { return sequence({}); }
  Node nothing() { return alternatives({}); }

  uint32_t declare(std::string name);
  void define(uint32_t rule, Node body);

  const std::vector<Rule>& all() const { return rules_; }
  const Expression& at(Node node) const { return expressions_[node]; }

 private:
  Node add(Expression expression);
  std::vector<Expression> expressions_;
  std::vector<Rule> rules_;
};

}  // namespace tritium::grammar
