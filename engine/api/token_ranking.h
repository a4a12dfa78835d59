// Tokens in the order of their logits (the largest first, equal ones by id), without all of them being sorted: weights
// are added up in buckets by logit, and only the bucket that a question falls into is looked into.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "api/logit_blocks.h"
#include "api/token_weights.h"

namespace tritium {

// Tokens that may be drawn. A weight of 0 needs no place among them.
struct TokenList {
  std::span<const float> logits;
  std::span<const int32_t> ids = {};  // ascending where logits are equal; none: 0, 1, …
  // The largest logit, and the smallest that is not -infinity. Where they are equal, no other logit weighs anything.
  float top = 0;
  float lowest = 0;
  std::span<const float> largest_of_block = {};  // of kBlock logits each; none: not known
  static constexpr size_t kBlock = kLogitBlock;
  // Only the mass of those is asked for that are more octaves less probable than the most probable token.
  double octaves = TokenWeights::kFarthest;
};

class TokenRanking {
 public:
  // Up to so many tokens are sorted.
  static constexpr size_t kSorted = 2048;

  // What the list points to must outlive the ranking.
  TokenRanking(const TokenWeights& weights, const TokenList& list);

  uint64_t mass() const { return mass_; }  // of all
  // Of the first n tokens, or of all.
  uint64_t mass_of_first(size_t n) const;
  // Of those that are at most so many octaves less probable than the most probable one.
  uint64_t mass_within(double octaves) const;

  struct Place {
    int32_t id = 0;
    uint64_t mass = 0;  // of the tokens up to it, and its own
  };
  // The first token whose mass, with all before it, exceeds `mass`, which must be below mass().
  Place at_mass(uint64_t mass) const;

 private:
  struct Bucket {
    uint64_t mass = 0;
    uint64_t count = 0;
  };
  void sort();
  void fill_buckets();
  // Where a sum over the buckets up to one, and its own, exceeds `value`: that one, and the sums before it.
  struct Step {
    size_t bucket = 0;
    Bucket before;
  };
  Step step_to(uint64_t Bucket::*measure, uint64_t value) const;
  std::pair<float, float> logits_within(size_t first, size_t last) const;
  std::optional<float> only_logit(float least, float most, size_t first, size_t last) const;
  int32_t equal_token(size_t i) const;
  // Calls look(ranking) with the tokens of the buckets first … last whose weights are not 0.
  auto within(size_t first, size_t last, const auto& look) const;
  int32_t id(size_t i) const { return list_.ids.empty() ? static_cast<int32_t>(i) : list_.ids[i]; }

  TokenWeights weights_;
  TokenList list_;
  uint64_t mass_ = 0;
  // Where all tokens that weigh anything are equal: how many they are, and what one weighs; else 0.
  size_t equal_ = 0;
  uint64_t each_ = 0;

  // Of few tokens: their places in the list, in order, and the mass up to each.
  std::vector<uint32_t> order_;
  std::vector<uint64_t> through_;
  // Of many: what each bucket holds.
  LogitBuckets buckets_;
  std::vector<Bucket> held_;
};

}  // namespace tritium
