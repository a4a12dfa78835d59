// DRY ("don't repeat yourself"): what a token costs that would make a repetition of the text's end longer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tritium/session.hpp"

namespace tritium {

class DryPenalty {
 public:
  DryPenalty(const SamplerOptions& options, Sampler::TokenText text_of);
  bool any() const { return multiplier_ > 0 && last_n_ != 0; }
  void accept(int32_t token);
  // Less multiplier · base^(n - allowed_length), for the n of repetitions() from allowed_length on, unless the token
  // completes a sequence breaker.
  void apply(std::span<float> logits) const;

  // Of each token that followed an earlier occurrence of the last n tokens the largest such n, among the last
  // dry_penalty_last_n tokens of the text, and up to its last sequence breaker.
  std::unordered_map<int32_t, int64_t> repetitions() const;

 private:
  std::span<const int32_t> window() const;
  bool completes_breaker(std::string_view bytes) const;
  std::string_view bytes_of(int32_t token) const { return text_of_ ? text_of_(token) : std::string_view(); }

  double multiplier_, base_;
  int64_t allowed_length_;
  int64_t last_n_;  // -1: all
  std::vector<std::string> breakers_;
  size_t longest_breaker_ = 0;
  Sampler::TokenText text_of_;

  std::vector<int32_t> tokens_;  // of the text, the last ones at least
  int64_t unbroken_ = 0;         // tokens since one in which a breaker ended
  std::string tail_;             // of the text, a byte less than the longest breaker
};

}  // namespace tritium
