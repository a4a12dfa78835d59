// Loops that compilers make vectors of: of the base instruction set, and on x86 of AVX2 and AVX-512, too, which take
// half and a third of its time. All compute the same bits, for no operation is fused (-ffp-contract=off).
#include "api/token_weights.h"

#include <bit>
#include <cmath>

namespace tritium {
namespace {

constexpr double kRound = 0x1.8p52;    // added: the sum's low bits are the nearest integer
constexpr double kInteger = 0x1.0p52;  // the same for what is not negative

// 2^-y for 0 <= y <= 64, times 2^bits, rounded: y = n + f, |f| <= 1/2, 2^-f = (e^t)^4, and e^t by its series.
[[gnu::always_inline]] inline uint64_t weight_at(double y, int64_t bits) {
  const double n = y + kRound;
  const double t = (y - (n - kRound)) * (-0.693147180559945309417 / 4);
  const double t2 = t * t;
  const double low = (1.0 + t) + t2 * (0.5 + t * (1.0 / 6));
  const double high = (1.0 / 24 + t * (1.0 / 120)) + t2 * (1.0 / 720 + t * (1.0 / 5040));
  const double quarter = low + (t2 * t2) * high;
  const double half = quarter * quarter;
  const double power = half * half;
  const uint64_t exponent = (static_cast<uint64_t>(bits) << 52) - (std::bit_cast<uint64_t>(n) << 52);
  const double scaled = std::bit_cast<double>(std::bit_cast<uint64_t>(power) + exponent);
  return std::bit_cast<uint64_t>(scaled + kInteger) & ((uint64_t{1} << 52) - 1);
}

// NaN is the second.
[[gnu::always_inline]] inline double smaller(double a, double b) { return a < b ? a : b; }

// As LogitBuckets::of.
[[gnu::always_inline]] inline void buckets_of(const LogitBuckets& b, const float* logits, uint16_t* bucket) {
  const double top = b.top, span = b.span, per_logit = b.per_logit;
  double down[TokenWeights::kChunk];
  int32_t index[TokenWeights::kChunk];
  for (size_t i = 0; i < TokenWeights::kChunk; ++i) down[i] = smaller(top - double{logits[i]}, span);
  for (size_t i = 0; i < TokenWeights::kChunk; ++i) index[i] = static_cast<int32_t>(down[i] * per_logit);
  for (size_t i = 0; i < TokenWeights::kChunk; ++i) bucket[i] = static_cast<uint16_t>(index[i]);
}

// Two loops: compilers make no vectors of one that chooses and computes.
[[gnu::always_inline]] inline void weights_of(const TokenWeights& w, const float* logits, uint64_t* weight) {
  const double largest = w.largest, per_logit = w.octaves_per_logit;
  const int64_t bits = w.bits;
  double octaves[TokenWeights::kChunk];
  for (size_t i = 0; i < TokenWeights::kChunk; ++i)
    octaves[i] = smaller((largest - double{logits[i]}) * per_logit, TokenWeights::kFarthest);
  for (size_t i = 0; i < TokenWeights::kChunk; ++i) weight[i] = weight_at(octaves[i], bits);
}

using Weigh = void(const TokenWeights&, const LogitBuckets&, const float*, uint64_t*, uint16_t*);

void weigh_base(const TokenWeights& w, const LogitBuckets& b, const float* logits, uint64_t* weight, uint16_t* bucket) {
  weights_of(w, logits, weight);
  buckets_of(b, logits, bucket);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void weigh_avx2(const TokenWeights& w, const LogitBuckets& b, const float* logits,
                                        uint64_t* weight, uint16_t* bucket) {
  weights_of(w, logits, weight);
  buckets_of(b, logits, bucket);
}

[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]] void weigh_avx512(const TokenWeights& w, const LogitBuckets& b,
                                                                        const float* logits, uint64_t* weight,
                                                                        uint16_t* bucket) {
  weights_of(w, logits, weight);
  buckets_of(b, logits, bucket);
}

Weigh* best_weigh() {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return weigh_avx512;
  return __builtin_cpu_supports("avx2") ? weigh_avx2 : weigh_base;
}
#else
Weigh* best_weigh() { return weigh_base; }
#endif

}  // namespace

uint64_t TokenWeights::of(float logit) const { return weight_at(smaller(octaves_below(logit), kFarthest), bits); }

void weigh(const TokenWeights& weights, const LogitBuckets& buckets, const float* logits, uint64_t* weight,
           uint16_t* bucket) {
  static Weigh* const best = best_weigh();
  best(weights, buckets, logits, weight, bucket);
}

}  // namespace tritium
