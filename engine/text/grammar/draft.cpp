#include "text/grammar/draft.h"

#include <map>
#include <string>

#include "base/cancel.h"
#include "base/format_text.h"
#include "text/grammar/failure.h"

namespace tritium::grammar {
namespace {

class Drawer {
 public:
  Drawer(const Rules& rules, size_t most, Draft& draft) : rules_(rules), most_(most), draft_(draft) {}

  void run() {
    for (const Rule& rule : rules_.all()) {
      const Draft::Ends ends = {new_state(), new_state()};
      draft_.rules.push_back(ends);
      if (rule.defined) draw(rule.body, ends.first, ends.last);
    }
  }

 private:
  uint32_t new_state() {
    if (draft_.heads.size() >= most_)
      throw Failure(join("it is too large: with its repetitions written out it has more than ", most_, " states"));
    check_cancelled_every<4096>(draft_.heads.size());
    draft_.heads.push_back(Draft::kNone);
    return static_cast<uint32_t>(draft_.heads.size() - 1);
  }
  void add(uint32_t from, Draft::Step step) {
    if (draft_.steps.size() >= 8 * most_)
      throw Failure(join("it is too large: with its repetitions written out it has more than ", 8 * most_, " steps"));
    step.next = draft_.heads[from];
    draft_.heads[from] = static_cast<uint32_t>(draft_.steps.size());
    draft_.steps.push_back(step);
  }
  void skip(uint32_t from, uint32_t to) { add(from, {.target = to}); }

  void draw(Node node, uint32_t from, uint32_t to) {
    const Expression& e = rules_.at(node);
    switch (e.kind) {
      case Expression::Kind::bytes: draw_bytes(e.bytes, from, to); break;
      case Expression::Kind::characters: draw_characters(e.characters, from, to); break;
      case Expression::Kind::sequence: draw_sequence(e.parts, from, to); break;
      case Expression::Kind::alternatives:
        for (const Node part : e.parts) draw(part, from, to);
        break;
      case Expression::Kind::repeat: draw_repeat(e, from, to); break;
      case Expression::Kind::rule: add(from, {.kind = Draft::Step::Kind::call, .rule = e.rule, .target = to}); break;
    }
  }
  void draw_byte(uint32_t from, uint8_t first, uint8_t last, uint32_t to) {
    add(from, {.kind = Draft::Step::Kind::byte, .first = first, .last = last, .target = to});
  }
  void draw_bytes(const std::string& bytes, uint32_t from, uint32_t to) {
    if (bytes.empty()) return skip(from, to);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = static_cast<uint8_t>(bytes[i]);
      const uint32_t next = i + 1 == bytes.size() ? to : new_state();
      draw_byte(from, byte, byte, next);
      from = next;
    }
  }
  // Characters that end alike share the states of their ends.
  void draw_characters(const CharacterSet& characters, uint32_t from, uint32_t to) {
    std::map<std::string, uint32_t> before;  // the ranges that are still to be read -> where they are
    for (const ByteSequence& sequence : utf8_sequences(characters)) {
      uint32_t next = to;
      std::string rest;
      for (uint32_t i = sequence.length; i-- > 1;) {
        const auto [first, last] = sequence.bytes[i];
        rest += {static_cast<char>(first), static_cast<char>(last)};
        const auto [at, fresh] = before.try_emplace(rest, 0);
        if (fresh) {
          at->second = new_state();
          draw_byte(at->second, first, last, next);
        }
        next = at->second;
      }
      draw_byte(from, sequence.bytes[0].first, sequence.bytes[0].last, next);
    }
  }
  void draw_sequence(const std::vector<Node>& parts, uint32_t from, uint32_t to) {
    if (parts.empty()) return skip(from, to);
    for (size_t i = 0; i < parts.size(); ++i) {
      const uint32_t next = i + 1 == parts.size() ? to : new_state();
      draw(parts[i], from, next);
      from = next;
    }
  }
  void draw_repeat(const Expression& e, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < e.at_least; ++i) {
      const uint32_t next = new_state();
      draw(e.parts[0], from, next);
      from = next;
    }
    if (e.at_most == kUnbounded) {
      const uint32_t loop = new_state();
      skip(from, loop);
      draw(e.parts[0], loop, loop);
      return skip(loop, to);
    }
    for (uint32_t i = e.at_least; i < e.at_most; ++i) {
      skip(from, to);
      const uint32_t next = new_state();
      draw(e.parts[0], from, next);
      from = next;
    }
    skip(from, to);
  }

  const Rules& rules_;
  size_t most_;
  Draft& draft_;
};

}  // namespace

Draft Draft::make(const Rules& rules, size_t most) {
  Draft draft;
  Drawer(rules, most, draft).run();
  return draft;
}

}  // namespace tritium::grammar
