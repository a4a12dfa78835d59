// How probable a model finds tokens: the natural logarithm of the softmax of its logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tritium/session.hpp"

namespace tritium {

inline constexpr int64_t kMostLogProbabilities = 64;

struct LogProbabilities {
  double of_token = 0;
  std::vector<TokenLogProbability> most_probable;  // the most probable first, the lowest id first among equals
};

// log p_i = l_i - max - log Σ exp(l_j - max), of `token` and of the n largest logits, which are finite or -infinity.
LogProbabilities log_probabilities(std::span<const float> logits, int32_t token, int64_t n);

}  // namespace tritium
