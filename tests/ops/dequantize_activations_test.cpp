#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(DequantizeActivationsReference, IsWithinHalfAStepOfWhatWasQuantised) {
  const auto x = random_floats(100, 1);
  std::vector<int8_t> q(256);
  std::vector<float> scale(1), back(100);
  cpu_ref::quantize_activations({.n_rows = 1, .cols = 100, .padded_cols = 256, .block = 256}, x, q, scale);
  cpu_ref::dequantize_activations({.n_rows = 1, .cols = 100, .padded_cols = 256, .block = 256, .n_blocks = 1}, q, scale,
                                  back);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(back[i], x[i], 0.5001f * scale[0]);
}

}  // namespace tritium
