// What a weight becomes between its shadow and what a quantiser would store.
#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "shaders/params/dtype.h"

namespace tritium {

namespace {

struct Quantised {
  float alpha = 1.0f;
  float lambda = 1.0f;
  std::vector<float> bound = {}, source = {};
};

std::vector<float> quantized(const std::vector<float>& w, uint32_t qmax, const Quantised& by = {}) {
  std::vector<float> y(w.size());
  const auto n = static_cast<uint32_t>(w.size());
  cpu_ref::fake_quantize({.n_rows = 1,
                          .cols = n,
                          .plane = {.row_stride = n, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
                          .quantizer = qmax,
                          .n_alpha = 1,
                          .n_groups = 1,
                          .group_size = n,
                          .lambda = by.lambda,
                          .own_bound = by.bound.empty() ? 0u : 1u,
                          .own_source = by.source.empty() ? 0u : 1u},
                         std::as_bytes(std::span(w)), std::vector<float>{by.alpha}, y, by.bound, by.source);
  return y;
}

}  // namespace

TEST(FakeQuantizeReference, AnIntegerIsAMultipleOfItsScale) {
  EXPECT_EQ(quantized({7.0f, 2.4f, -7.0f, 2.6f}, 7), (std::vector<float>{7, 2, -7, 3}));
  EXPECT_EQ(quantized({7.0f, 2.4f, -7.0f, 3.2f}, 7, {.alpha = 2.0f}), (std::vector<float>{8, 2, -8, 4}));
}

TEST(FakeQuantizeReference, IntegersBeyondTheScaleAreClippedAlikeOnBothSides) {
  EXPECT_EQ(quantized({100.0f, -100.0f, -7.6f, 3e38f, -3e38f}, 7), (std::vector<float>{7, -7, -7, 7, -7}));
}

TEST(FakeQuantizeReference, WithAScaleOf0AllIsZero) {
  EXPECT_EQ(quantized({1.0f, -3e38f, 0.0f}, 127, {.alpha = 0.0f}), (std::vector<float>{0, 0, 0}));
}

TEST(FakeQuantizeReference, TernaryIsAlphaTimesTrit) {
  EXPECT_EQ(quantized({0.6f, 0.4f, -3.0f, 0.5f}, 0), (std::vector<float>{1, 0, -1, 0}));
}

TEST(FakeQuantizeReference, TritsMayHaveABoundOfTheirOwn) {
  EXPECT_EQ(quantized({0.6f, 0.4f, -3.0f, 0.5f}, 0, {.bound = {2.0f}}), (std::vector<float>{0, 0, -1, 0}));
}

TEST(FakeQuantizeReference, LambdaMovesFromTheWeightToItsQuantisedValue) {
  EXPECT_EQ(quantized({0.75f, -2.0f}, 0, {.lambda = 0.0f}), (std::vector<float>{0.75f, -2.0f}));
  EXPECT_EQ(quantized({0.75f, -2.0f}, 0, {.lambda = 0.5f}), (std::vector<float>{0.875f, -1.5f}));
}

TEST(FakeQuantizeReference, ASourceIsQuantisedInTheWeightsPlace) {
  const std::vector<float> pruned = {0.0f, -2.0f};
  EXPECT_EQ(quantized({0.75f, -2.0f}, 7, {.source = pruned}), (std::vector<float>{0, -2}));
  EXPECT_EQ(quantized({0.75f, -2.0f}, 7, {.lambda = 0.5f, .source = pruned}), (std::vector<float>{0.375f, -2}));
}

}  // namespace tritium
