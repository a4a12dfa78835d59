#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "layers/linear.h"

namespace tritium {

TEST(TernaryMatmulF32Reference, EqualsTheProductWithTheDequantisedMatrix) {
  const int64_t rows = 5, cols = 19;
  std::vector<float> weights(static_cast<size_t>(rows * cols)), x(static_cast<size_t>(cols));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<float>(3 * i + 1));
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<float>(i));
  const Result<CpuLinear> linear = CpuLinear::from_weight(weights, rows, cols, ScaleGranularity::row);
  ASSERT_TRUE(linear.ok()) << linear.message();
  const std::vector<float> dequantized = linear->matrix().dequantize();
  const Result<std::vector<float>> y = linear->forward(x, 1, ActivationMode::f32);
  ASSERT_TRUE(y.ok()) << y.message();
  for (int64_t n = 0; n < rows; ++n) {
    double expected = 0;
    for (int64_t c = 0; c < cols; ++c)
      expected += double{dequantized[static_cast<size_t>(n * cols + c)]} * x[static_cast<size_t>(c)];
    EXPECT_NEAR((*y)[static_cast<size_t>(n)], expected, 1e-6);
  }
}

}  // namespace tritium
