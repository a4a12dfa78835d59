#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "ops/all.h"

namespace tritium {

namespace {

std::vector<float> rotate(const std::vector<float>& x, uint32_t n_rotated, RopePairing pairing, double angle) {
  std::vector<float> cos_sin, y(x.size());
  for (uint32_t i = 0; i < n_rotated / 2; ++i) {
    cos_sin.push_back(static_cast<float>(std::cos(angle)));
    cos_sin.push_back(static_cast<float>(std::sin(angle)));
  }
  cpu_ref::rope({.n_tokens = 1,
                 .n_heads = 1,
                 .head_dim = static_cast<uint32_t>(x.size()),
                 .n_rotated = n_rotated,
                 .pairing = static_cast<uint32_t>(pairing)},
                x, std::vector<int32_t>{0, 0}, cos_sin, y);
  return y;
}

}  // namespace

TEST(RopeReference, AQuarterTurnOfInterleavedPairs) {
  const std::vector<float> y = rotate({1, 2, 3, 4}, 4, RopePairing::interleaved, std::numbers::pi / 2);
  EXPECT_NEAR(y[0], -2, 1e-6);
  EXPECT_NEAR(y[1], 1, 1e-6);
  EXPECT_NEAR(y[2], -4, 1e-6);
  EXPECT_NEAR(y[3], 3, 1e-6);
}

TEST(RopeReference, AQuarterTurnOfHalves) {
  const std::vector<float> y = rotate({1, 2, 3, 4}, 4, RopePairing::halves, std::numbers::pi / 2);
  EXPECT_NEAR(y[0], -3, 1e-6);
  EXPECT_NEAR(y[1], -4, 1e-6);
  EXPECT_NEAR(y[2], 1, 1e-6);
  EXPECT_NEAR(y[3], 2, 1e-6);
}

TEST(RopeReference, ValuesBeyondTheRotatedOnesAreCopied) {
  const std::vector<float> y = rotate({1, 2, 3, 4}, 2, RopePairing::halves, 1.0);
  EXPECT_EQ(y[2], 3.0f);
  EXPECT_EQ(y[3], 4.0f);
}

TEST(RopeReference, LengthsAreKept) {
  const std::vector<float> y = rotate({1, 2, 3, 4, 5, 6}, 6, RopePairing::halves, 0.8);
  double squares = 0;
  for (float v : y) squares += double{v} * v;
  EXPECT_NEAR(squares, 91.0, 1e-4);
}

}  // namespace tritium
