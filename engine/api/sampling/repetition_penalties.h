// What the tokens of a text cost when they come again: repeat_penalty (Keskar et al. 2019, CTRL), frequency_penalty,
// presence_penalty.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>

#include "tritium/options.hpp"

namespace tritium {

class RepetitionPenalties {
 public:
  explicit RepetitionPenalties(const SamplerOptions& options);
  bool any() const { return any_; }
  void accept(int32_t token);
  // Of each token among the last penalty_last_n, n times: l / repeat_penalty where l > 0, else l · repeat_penalty; less
  // n · frequency_penalty + presence_penalty.
  void apply(std::span<float> logits) const;

 private:
  double repeat_, frequency_, presence_;
  int64_t last_n_;  // -1: all
  bool any_;
  std::deque<int32_t> window_;                   // the last ones, where they are not all
  std::unordered_map<int32_t, int64_t> counts_;  // of those
};

}  // namespace tritium
