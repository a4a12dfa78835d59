#include "text/grammar/rules.h"

#include <algorithm>
#include <utility>

#include "text/grammar/failure.h"

namespace tritium::grammar {

Node Rules::add(Expression expression) {
  constexpr size_t kMost = size_t{1} << 21;  // of expressions: some hundred megabytes
  if (expressions_.size() >= kMost) throw Failure("it is too large: more than two million expressions");
  constexpr uint32_t kDeepest = 1000;  // they are walked over by functions that call themselves
  for (const Node part : expression.parts) expression.depth = std::max(expression.depth, expressions_[part].depth + 1);
  if (expression.depth > kDeepest) throw Failure("its expressions lie too deep within each other");
  expressions_.push_back(std::move(expression));
  return static_cast<Node>(expressions_.size() - 1);
}

Node Rules::bytes(std::string text) { return add({.kind = Expression::Kind::bytes, .bytes = std::move(text)}); }

Node Rules::characters(CharacterSet set) {
  return add({.kind = Expression::Kind::characters, .characters = std::move(set)});
}

Node Rules::sequence(std::vector<Node> parts) {
  if (parts.size() == 1) return parts[0];
  return add({.kind = Expression::Kind::sequence, .parts = std::move(parts)});
}

Node Rules::alternatives(std::vector<Node> parts) {
  if (parts.size() == 1) return parts[0];
  return add({.kind = Expression::Kind::alternatives, .parts = std::move(parts)});
}

Node Rules::repeat(Node part, uint32_t at_least, uint32_t at_most) {
  return add({.kind = Expression::Kind::repeat, .parts = {part}, .at_least = at_least, .at_most = at_most});
}

Node Rules::rule(uint32_t index) { return add({.kind = Expression::Kind::rule, .rule = index}); }

uint32_t Rules::declare(std::string name) {
  rules_.push_back({.name = std::move(name)});
  return static_cast<uint32_t>(rules_.size() - 1);
}

void Rules::define(uint32_t rule, Node body) {
  rules_[rule].body = body;
  rules_[rule].defined = true;
}

}  // namespace tritium::grammar
