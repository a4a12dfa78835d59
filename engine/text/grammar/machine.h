// Follows a grammar byte by byte. A state is a configuration, the set of all ways to have read what the innermost rules
// have read so far, upon a stack of positions that all those ways return to. What a byte makes of a configuration does
// not depend on that stack, so it is computed once and then looked up: however deep JSON is nested, the inside of a
// string is the same configuration.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "text/grammar/network.h"
#include "text/grammar/stacks.h"

namespace tritium::grammar {

class Machine {
 public:
  // Below the lowest frame: nothing, or what is not known.
  static constexpr uint32_t kBottom = 0;
  static constexpr uint32_t kUnknown = 1;

  struct State {
    uint32_t configuration = 0;
    uint32_t stack = kBottom;
    bool operator==(const State&) const = default;
  };

  explicit Machine(std::shared_ptr<const Network> network);

  State start() const { return {start_, kBottom}; }
  // Some ways end here: the text may end, or, upon what is not known, goes on there.
  bool ends(State state) const { return configurations_[state.configuration].ends; }
  // False: no text of the grammar goes on with that byte, and the state is of no use any more.
  // Throws Failure where the grammar is too ambiguous for this text, and Cancelled.
  bool step(State& state, uint8_t byte) {
    const uint32_t next = moves_[state.configuration * n_classes_ + network_->class_of(byte)];
    if (next < kSpecial) {
      state.configuration = next;
      return true;
    }
    return next != kDead && step_slowly(state, byte, next);
  }
  // A configuration that goes on with the same texts, as far as Network::kAlike bytes say: the same one for many.
  uint32_t alike(uint32_t configuration);
  // A state of another machine for the same grammar.
  State copy_from(const Machine& other, State state);

  size_t memory() const;  // bytes, about

 private:
  // A position, and the stacks upon the state's one.
  struct Thread {
    uint32_t position = 0;
    Stacks::Set stacks = Stacks::kEmpty;
    bool operator==(const Thread&) const = default;
  };
  struct Configuration {
    std::vector<Thread> threads;  // sorted by position, one each
    bool ends = false;
    bool operator==(const Configuration&) const = default;
  };
  struct Move {
    uint32_t configuration = 0;
    std::vector<uint32_t> pushed;  // from below
  };
  struct Frame {
    uint32_t position = 0;
    uint32_t below = kBottom;
  };
  class Gathering;

  // In moves_: a configuration, or one of these, or kSpecial + the index of a Move.
  static constexpr uint32_t kSpecial = 0x40000000;
  static constexpr uint32_t kFresh = 0xFFFFFFFE;
  static constexpr uint32_t kDead = 0xFFFFFFFF;

  bool step_slowly(State& state, uint8_t byte, uint32_t next);
  void follow(State& state, const Move& move);
  uint32_t compute(uint32_t configuration, uint8_t byte_class);
  uint32_t returned(uint32_t configuration, uint32_t position);
  Move settle(Configuration configuration);
  uint32_t intern(Configuration configuration);
  uint32_t push(uint32_t stack, uint32_t position);

  std::shared_ptr<const Network> network_;
  size_t n_classes_;
  Stacks stacks_;
  std::vector<Configuration> configurations_;
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
  size_t n_threads_ = 0;
  std::vector<uint32_t> moves_;  // (configurations, classes)
  std::vector<Move> special_;
  std::unordered_map<uint32_t, uint32_t> alike_;     // by configuration
  std::unordered_map<uint64_t, uint32_t> returned_;  // by configuration and position: a special move
  std::vector<Frame> frames_;                        // of stacks; the first two are bottoms
  std::unordered_map<uint64_t, uint32_t> pushed_;    // by stack and position
  uint32_t start_ = 0;
};

}  // namespace tritium::grammar
