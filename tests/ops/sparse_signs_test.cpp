// 3:4 sparse trits: which of each four is dropped, and the scale of the others.
#include "ops/sparse_signs.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "base/counter_rng.h"
#include "shaders/params/dtype.h"
#include "tensor/half.h"

namespace tritium {
namespace {

struct Sparse {
  std::vector<float> y;
  float alpha = 0;
};

Sparse sparse(const std::vector<float>& w, bool to_f16 = false) {
  Sparse s{.y = std::vector<float>(w.size(), 9.0f)};
  const auto n = static_cast<uint32_t>(w.size());
  cpu_ref::sparse_signs({.n_rows = 1,
                         .cols = n,
                         .plane = {.row_stride = n, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
                         .n_groups = 1,
                         .group_size = n,
                         .per_kept = 1.0f / static_cast<float>(n / 4 * 3),
                         .round_to_f16 = to_f16 ? 1u : 0u},
                        std::as_bytes(std::span(w)), s.y, std::span(&s.alpha, 1));
  return s;
}

std::vector<float> random_row(size_t n, uint64_t seed) {
  std::vector<float> row(n);
  for (size_t i = 0; i < n; ++i) row[i] = static_cast<float>(random_normal(seed, i));
  return row;
}

// The error of the best scale with a zero at place z[f] of each four: |w|^2 less (sum of those kept)^2 / their number.
double error_with(const std::vector<float>& w, const std::array<size_t, 16>& dropped) {
  double power = 0, kept = 0;
  for (size_t c = 0; c < 64; ++c) {
    power += double{w[c]} * w[c];
    if (dropped[c % 16] != c / 16) kept += std::abs(w[c]);
  }
  return power - kept * kept / 48;
}

TEST(SparseSigns, OneOfEachFourColumnsSixteenApartIsZero) {
  const std::vector<float> w = random_row(256, 1);
  const Sparse s = sparse(w);
  for (size_t block = 0; block < 256; block += 64)
    for (size_t j = 0; j < 16; ++j) {
      int zeros = 0;
      for (size_t i = 0; i < 4; ++i) {
        const size_t c = block + 16 * i + j;
        if (s.y[c] == 0.0f) {
          ++zeros;
        } else {
          EXPECT_EQ(s.y[c], w[c] < 0 ? -1.0f : 1.0f);
        }
      }
      EXPECT_EQ(zeros, 1);
    }
}

TEST(SparseSigns, NoOtherZerosAndNoOtherScaleHaveASmallerError) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<float> w = random_row(64, seed);
    const Sparse s = sparse(w);
    double error = 0;
    for (size_t c = 0; c < 64; ++c) error += std::pow(w[c] - s.alpha * s.y[c], 2);
    std::array<size_t, 16> dropped{};
    for (size_t c = 0; c < 64; ++c)
      if (s.y[c] == 0.0f) dropped[c % 16] = c / 16;
    EXPECT_NEAR(error, error_with(w, dropped), 1e-4);
    for (size_t four = 0; four < 16; ++four)
      for (size_t other = 0; other < 4; ++other) {
        std::array<size_t, 16> changed = dropped;
        changed[four] = other;
        EXPECT_GE(error_with(w, changed), error - 1e-4);
      }
  }
}

TEST(SparseSigns, OfEqualOnesTheFirstIsDroppedAndZerosAreKeptAsOnes) {
  const Sparse s = sparse(std::vector<float>(64, 0.0f));
  for (size_t c = 0; c < 64; ++c) EXPECT_EQ(s.y[c], c < 16 ? 0.0f : 1.0f);
  EXPECT_EQ(s.alpha, 0.0f);
}

TEST(SparseSigns, AreIdempotent) {
  const Sparse once = sparse(random_row(1024, 5), true);
  std::vector<float> dequantised = once.y;
  for (float& v : dequantised) v *= once.alpha;
  const Sparse twice = sparse(dequantised, true);
  EXPECT_EQ(once.y, twice.y);
  EXPECT_EQ(once.alpha, twice.alpha);
  EXPECT_EQ(once.alpha, f16_to_f32(f32_to_f16(once.alpha)));
}

}  // namespace
}  // namespace tritium
