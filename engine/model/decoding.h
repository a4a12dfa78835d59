// What is decoded where the device works behind the host's back (Backend::is_asynchronous()): tokens follow each
// other without the host, or leave it a few candidates in place of all logits.
#pragma once

#include <cstdint>
#include <deque>
#include <span>

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"

namespace tritium {

// Greedy tokens one after another, several passes under way: each takes its token where the one before it left it. The
// caches then hold rows beyond the token that was asked for last, of tokens that may not come.
// Thread rule: whoever calls holds the backend's mutex.
class TokenChain {
 public:
  // Not of models that need the host for a token: their bigrams are hashed there.
  static bool fits(const Config& config, const Backend& backend) {
    return backend.is_asynchronous() && config.lab.bigram_dim == 0;
  }

  // The token after `token` (below vocab_size), which is evaluated at `position` (below the state's capacity); -1 where
  // a logit is not finite. At most `wanted` tokens, 1 or more, will be asked for from here on, this one included.
  // Returns the first error of any operation, or `cancelled`; the next call begins anew.
  Result<int32_t> after(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                        int32_t token, TokenPosition position, int64_t wanted);
  // Passes that were sent off beyond the token that was asked for: the state's logits are no longer those after it.
  bool is_ahead() const { return !under_way_.empty(); }
  // What is under way is of no use.
  void drop() { under_way_.clear(); }

 private:
  struct Pass {
    uint64_t post = 0;
    TokenPosition at = 0;
  };
  Status send(const Config& config, const Weights& weights, ForwardState& state, Backend& backend, int32_t token,
              TokenPosition position);

  std::deque<Pass> under_way_;  // the oldest first
  int32_t token_ = -1;          // that the oldest one evaluates
};

// One token: the n_candidates largest logits after it, 1 to 64 and at most vocab_size (ops/top_candidates.h), to
// `candidates`, [2, n_candidates]: their ids, then their bits; ids of -1 where a logit is not finite. `experts`
// and errors as of forward().
Status forward_candidates(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                          int32_t token, TokenPosition position, int64_t n_candidates, std::span<int32_t> candidates,
                          std::span<int32_t> experts = {});

}  // namespace tritium
