#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"

namespace tritium {

namespace {

struct Quantized {
  std::vector<int8_t> q;
  std::vector<float> scales;
};

Quantized quantize(const std::vector<float>& x, uint32_t block = 256) {
  Quantized out{std::vector<int8_t>(256), std::vector<float>(256 / block)};
  cpu_ref::quantize_activations(
      {.n_rows = 1, .cols = static_cast<uint32_t>(x.size()), .padded_cols = 256, .block = block}, x, out.q, out.scales);
  return out;
}

}  // namespace

TEST(QuantizeActivationsReference, TheLargestMagnitudeBecomes127) {
  const Quantized out = quantize({0.5f, -2.0f, 1.0f});
  EXPECT_EQ(out.q[1], -127);
  EXPECT_EQ(out.q[0], 32);  // 31.75
  EXPECT_EQ(out.q[2], 64);  // 63.5: to the even neighbour
  EXPECT_FLOAT_EQ(out.scales[0], 2.0f / 127.0f);
}

TEST(QuantizeActivationsReference, ReconstructionIsWithinHalfAStep) {
  std::vector<float> x(200);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 0.7f) * 3.0f;
  const Quantized out = quantize(x);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_LE(std::abs(static_cast<float>(out.q[i]) * out.scales[0] - x[i]), 0.5001f * out.scales[0]);
}

TEST(QuantizeActivationsReference, PaddingAndZerosBecomeZero) {
  const Quantized out = quantize({0.0f, 0.0f});
  EXPECT_EQ(out.q, std::vector<int8_t>(256, 0));
  EXPECT_EQ(out.scales[0], 0.0f);
  EXPECT_EQ(quantize({1.0f}).q[1], 0);
}

TEST(QuantizeActivationsReference, ANanMakesItsBlockNan) {
  for (const std::vector<float>& x : {std::vector<float>{1, NAN, 2}, {NAN, 1, 2}, {1, 2, -NAN}, {NAN}}) {
    const Quantized out = quantize(x);
    EXPECT_TRUE(std::isnan(out.scales[0]));
    EXPECT_EQ(out.q, std::vector<int8_t>(256, 0));
  }
  std::vector<float> x(256, 1.0f);
  x[70] = NAN;
  const Quantized out = quantize(x, 64);
  EXPECT_TRUE(std::isnan(out.scales[1]));
  for (const size_t other : {0u, 2u, 3u}) EXPECT_EQ(out.scales[other], 1.0f / 127.0f);
}

}  // namespace tritium
