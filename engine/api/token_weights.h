// What a token's logit weighs in a draw: an integer, so that weights add up to the same sum in every order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tritium {

// weight(l) = round(2^bits · 2^-y), y = (largest - l) · octaves_per_logit: of the most probable token 2^bits, of one
// that is less than 2^-(bits + 1) times as probable, and of NaN, 0. Computed in double precision, by additions,
// multiplications and shifts in a written order: the same integer wherever floats are IEEE 754's, whatever the compiler
// makes vectors of. The relative error of 2^-y is below 4e-13.
struct TokenWeights {
  static constexpr size_t kChunk = 128;
  static constexpr double kFarthest = 64;  // octaves: beyond, every weight is 0

  double largest = 0;
  double octaves_per_logit = 0;  // log2(e) / temperature
  int bits = 40;

  double octaves_below(float logit) const { return (largest - double{logit}) * octaves_per_logit; }
  double reach() const { return bits + 1; }  // octaves: beyond, a weight is 0
  uint64_t of(float logit) const;
};

// Logits from `top` down to top - span in kBuckets pieces, equal but the last, in which is what lies below, too, and
// NaN.
struct LogitBuckets {
  static constexpr int kBuckets = 1024;
  double top = 0;
  double span = 0;
  double per_logit = 0;

  uint16_t of(float logit) const {
    const double down = top - double{logit};
    return static_cast<uint16_t>(static_cast<int32_t>((down < span ? down : span) * per_logit));
  }
};

// Of kChunk logits: their weights, and the buckets they are in.
void weigh(const TokenWeights& weights, const LogitBuckets& buckets, const float* logits, uint64_t* weight,
           uint16_t* bucket);

}  // namespace tritium
