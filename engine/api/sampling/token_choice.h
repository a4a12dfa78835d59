// What is drawn from where it is no longer the first tokens alone that are kept: typical_p and XTC take some out of the
// middle, or the first ones. Few tokens, sorted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "api/token_weights.h"
#include "tritium/options.hpp"

namespace tritium {

class TokenChoice {
 public:
  // The `kept` tokens of the largest logits, of which those stay that weigh anything. `ids`: of the logits, ascending
  // where they are equal; none: 0, 1, …
  TokenChoice(const TokenWeights& weights, std::span<const float> logits, std::span<const int32_t> ids, size_t kept);

  // y = -log2 of how probable a token is beside the most probable one; the entropy of the distribution is the mean
  // surprise, so that the distance of a token's surprise from it is that of its y from the mean y, Σ p · y.
  void keep_typical(double typical_p);
  // The first ones, whose weights are at least top_p of all.
  void keep_top(double top_p);
  // Those at most so many octaves less probable than the first.
  void keep_within(double octaves);
  // Takes out those whose probabilities are `threshold` at least, but for the least of them.
  void exclude_top(double threshold);

  // The first token whose weight, with those before it, exceeds the part `unit` in [0, 1) of all.
  int32_t draw(double unit) const;

  // In their order. For who looks at them.
  struct Token {
    int32_t id = 0;
    uint64_t weight = 0;
    double octaves = 0;  // y
  };
  std::span<const Token> tokens() const { return tokens_; }

 private:
  uint64_t mass() const;
  std::vector<Token> tokens_;
};

}  // namespace tritium
