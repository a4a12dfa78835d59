// A grammar's machine over a vocabulary's tokens, and the masks that were computed. All throw Failure where the grammar
// is too ambiguous to be followed, and Cancelled.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "text/grammar/machine.h"
#include "text/grammar/token_trie.h"
#include "text/grammar/triggers.h"

namespace tritium::grammar {

// Where a text stands: asleep, at a state of the search for triggers, or awake, at a state of the machine.
struct FollowerState {
  bool awake = false;
  uint32_t search = 0;
  Machine::State machine;
};

class Follower {
 public:
  // `words`: empty: none. What the grammar has read where a word woke it is `prefixes`, by word.
  struct Waking {
    TriggerSearch search;
    std::vector<std::string> prefixes;
  };

  Follower(std::shared_ptr<const Network> network, std::shared_ptr<const TokenTrie> tokens,
           std::shared_ptr<const Waking> waking);

  FollowerState awake() const { return {.awake = true, .machine = machine_.start()}; }
  FollowerState asleep() const { return {}; }

  // Awake or asleep: over bytes; false: they do not fit.
  bool read(FollowerState& state, std::string_view bytes);
  bool may_end(const FollowerState& state) const { return !state.awake || machine_.ends(state.machine); }
  // Of the trie's tokens, control tokens and ends.
  bool accepts(const FollowerState& state, int32_t token);
  void mask(const FollowerState& state, TokenMask& out);

  // The same grammar's, with nothing computed yet, and a state in it.
  std::shared_ptr<Follower> fresh() const { return std::make_shared<Follower>(network_, tokens_, waking_); }
  FollowerState copy_from(const Follower& other, FollowerState state);
  bool is_full() const;

  const TokenTrie& tokens() const { return *tokens_; }

 private:
  // Of configurations that are alike, upon a stack that is not known: what fits whatever that is, and the nodes below
  // which only the stack can tell, or bytes that are further on than configurations are alike.
  struct Partial {
    TokenMask fits;
    std::vector<uint32_t> open;
  };
  bool step(FollowerState& state, uint8_t byte);
  const Partial& partial(uint32_t configuration);
  void mask_awake(Machine::State state, TokenMask& out);
  void mask_asleep(FollowerState state, TokenMask& out);

  std::shared_ptr<const Network> network_;
  std::shared_ptr<const TokenTrie> tokens_;
  std::shared_ptr<const Waking> waking_;
  Machine machine_;
  std::vector<Machine::State> woken_;               // by word
  std::unordered_map<uint32_t, Partial> partial_;   // by configuration
  std::unordered_map<uint64_t, TokenMask> masks_;   // by configuration and stack
  std::unordered_map<uint32_t, TokenMask> asleep_;  // by state of the search
};

}  // namespace tritium::grammar
