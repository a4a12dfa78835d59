// How probable a model finds tokens: the natural logarithm of the softmax of its logits. With Session::evaluate_all()
// it scores a text that is there already; what is generated has GenerateOptions::log_probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tritium/session.hpp"
#include "tritium/status.hpp"

namespace tritium {

inline constexpr int64_t kMostLogProbabilities = 64;

struct LogProbabilities {
  double of_token = 0;
  std::vector<TokenLogProbability> most_probable;  // the most probable first, the lowest id first among equals
};

// log p_i = l_i - max - log Σ exp(l_j - max), of `token` and of the n (0 … 64) largest logits, which are finite or
// -infinity, not all of them. invalid_argument: the token is none of them, n is out of its range, or no logit is
// finite. Any thread.
Result<LogProbabilities> log_probabilities(std::span<const float> logits, int32_t token, int64_t n);

}  // namespace tritium
