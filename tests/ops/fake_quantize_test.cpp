#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "shaders/params/dtype.h"

namespace tritium {

namespace {
std::vector<float> quantized(std::vector<float> w, uint32_t qmax, float lambda = 1.0f) {
  std::vector<float> y(w.size());
  const auto n = static_cast<uint32_t>(w.size());
  cpu_ref::fake_quantize({.n_rows = 1,
                          .cols = n,
                          .row_stride = n,
                          .dtype = TRITIUM_DTYPE_F32,
                          .quantizer = qmax,
                          .n_alpha = 1,
                          .n_groups = 1,
                          .group_size = n,
                          .lambda = lambda},
                         std::as_bytes(std::span(w)), std::vector<float>{1.0f}, y);
  return y;
}
}  // namespace

TEST(FakeQuantizeReference, AnIntegerRowHasStepsOfItsLargestOverQmax) {
  EXPECT_EQ(quantized({7.0f, 2.4f, -7.0f, 2.6f}, 7), (std::vector<float>{7, 2, -7, 3}));
}

TEST(FakeQuantizeReference, TernaryIsAlphaTimesTrit) {
  EXPECT_EQ(quantized({0.6f, 0.4f, -3.0f, 0.5f}, 0), (std::vector<float>{1, 0, -1, 0}));
}

TEST(FakeQuantizeReference, LambdaMovesFromTheWeightToItsQuantisedValue) {
  EXPECT_EQ(quantized({0.75f, -2.0f}, 0, 0.0f), (std::vector<float>{0.75f, -2.0f}));
  EXPECT_EQ(quantized({0.75f, -2.0f}, 0, 0.5f), (std::vector<float>{0.875f, -1.5f}));
}

}  // namespace tritium
