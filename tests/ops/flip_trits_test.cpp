#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/counter_rng.h"
#include "shaders/lib/ternary.h"

namespace tritium {

// The mean over many draws is the wanted change: within four standard errors of a two-point distribution.
TEST(FlippedTrit, MovesByTheWantedChangeInExpectation) {
  constexpr int kDraws = 100000;
  constexpr float kAlpha = 0.25f;
  struct Case {
    int trit;
    float change;
  };
  for (const Case& c : {Case{0, 0.1f}, Case{0, -0.01f}, Case{1, -0.2f}, Case{-1, 0.3f}, Case{1, -0.4f}}) {
    double sum = 0;
    for (uint64_t draw = 0; draw < kDraws; ++draw)
      sum += shader::flipped_trit(c.trit, c.change, kAlpha, static_cast<uint32_t>(random_bits(5, draw) >> 40)) - c.trit;
    EXPECT_NEAR(double{kAlpha} * sum / kDraws, double{c.change}, 4 * 0.5 * double{kAlpha} / std::sqrt(kDraws))
        << c.trit << " " << c.change;
  }
}

TEST(FlippedTrit, StaysWithinTheTrits) {
  for (int trit : {-1, 0, 1})
    for (float change : {-100.0f, -0.7f, 0.7f, 100.0f})
      for (uint32_t random : {0u, 0xFFFFFFu}) {
        const int next = shader::flipped_trit(trit, change, 0.25f, random);
        EXPECT_EQ(next, change < 0 ? -1 : 1);
      }
}

TEST(FlippedTrit, StaysWithoutAChangeOrWithoutAScale) {
  for (int trit : {-1, 0, 1})
    for (uint32_t random : {0u, 1u, 0xFFFFFFu}) {
      EXPECT_EQ(shader::flipped_trit(trit, 0.0f, 0.25f, random), trit);
      EXPECT_EQ(shader::flipped_trit(trit, 5.0f, 0.0f, random), trit);
    }
}

}  // namespace tritium
