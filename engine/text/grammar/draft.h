// The first automaton of a grammar (Thompson 1968), with empty steps: each rule from its first state to its last.
#pragma once

#include <cstdint>
#include <vector>

#include "text/grammar/rules.h"

namespace tritium::grammar {

struct Draft {
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  struct Step {
    enum class Kind : uint8_t { empty, byte, call };
    Kind kind = Kind::empty;
    uint8_t first = 0;  // byte: the range of it
    uint8_t last = 0;
    uint32_t rule = 0;  // call
    uint32_t target = 0;
    uint32_t next = kNone;  // of the same state
  };
  struct Ends {
    uint32_t first = 0;
    uint32_t last = 0;
  };

  // Throws Failure: more states than `most`.
  static Draft make(const Rules& rules, size_t most);

  // Each step of a state.
  template <typename Visit>
  void each(uint32_t state, Visit&& visit) const {
    for (uint32_t s = heads[state]; s != kNone; s = steps[s].next) visit(steps[s]);
  }

  std::vector<uint32_t> heads;  // by state: its first step
  std::vector<Step> steps;
  std::vector<Ends> rules;
};

}  // namespace tritium::grammar
