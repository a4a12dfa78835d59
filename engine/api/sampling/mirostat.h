// Mirostat (Basu et al. 2021): keeps the surprise of a text's tokens, -log2 of their probabilities, near a target by
// learning how large it may be.
#pragma once

#include <cstdint>

#include "api/sampling/logit_overview.h"
#include "api/token_ranking.h"
#include "tritium/options.hpp"

namespace tritium {

class Mirostat {
 public:
  explicit Mirostat(const SamplerOptions& options)
      : version_(options.mirostat),
        tau_(options.mirostat_tau),
        eta_(options.mirostat_eta),
        maximum_(2 * double{options.mirostat_tau}) {}
  bool any() const { return version_ != 0; }

  // A token, by the random `unit` in [0, 1), and learns from it. `ranking` is that of `logits`, all of them.
  int32_t draw(const TokenRanking& ranking, const TokenWeights& weights, const LogitOverview& logits, double unit);
  double maximum() const { return maximum_; }  // µ, in bits

 private:
  uint64_t drawable(const TokenRanking& ranking, const TokenWeights& weights, const LogitOverview& logits,
                    double whole) const;
  int version_;
  double tau_, eta_;
  double maximum_;
};

}  // namespace tritium
