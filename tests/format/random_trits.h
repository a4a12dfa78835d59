// Matrices for the codecs: random trits, and scales that f16 holds exactly.
#pragma once

#include <cmath>

#include "base/counter_rng.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

// Eleven significant bits over a few binary orders of magnitude, either sign.
inline float random_f16_scale(uint64_t seed, uint64_t counter) {
  const uint64_t bits = random_bits(seed, counter);
  const int magnitude = static_cast<int>(1024 + bits % 1024);
  return std::ldexp(bits & (1u << 20) ? -1.0f : 1.0f, static_cast<int>(bits >> 32 & 7) - 20) *
         static_cast<float>(magnitude);
}

inline TernaryMatrix random_trits(int64_t n, int64_t rows, int64_t cols, ScaleGranularity granularity, uint64_t seed,
                                  int64_t group = 0) {
  TernaryMatrix matrix(n, rows, cols, granularity, group);
  uint64_t counter = 0;
  for (int64_t m = 0; m < n; ++m)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c)
        matrix.set_trit(m, r, c, static_cast<int>(random_bits(seed, counter++) % 3) - 1);
  for (float& s : matrix.scales()) s = random_f16_scale(seed, counter++);
  return matrix;
}

inline bool same_trits(const TernaryMatrix& a, const TernaryMatrix& b) {
  return a.shape() == b.shape() && std::equal(a.words().begin(), a.words().end(), b.words().begin(), b.words().end());
}

}  // namespace tritium
