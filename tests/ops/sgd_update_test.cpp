#include <gtest/gtest.h>

#include <vector>

#include "cpu_ref/shadow.h"
#include "ops/all.h"
#include "shaders/params/dtype.h"

namespace tritium {

TEST(SgdUpdateReference, MomentumAddsUpGradients) {
  std::vector<float> w = {1.0f}, m = {2.0f}, gradient = {3.0f};
  SgdUpdateParams p{};
  p.shadow = {.n_rows = 1,
              .cols = 1,
              .plane = {.row_stride = 1, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
              .n_groups = 1,
              .group_size = 1};
  p.learning_rate = 0.1f, p.momentum = 0.5f, p.gradient_scale = 1.0f;
  cpu_ref::sgd_update(p, std::as_writable_bytes(std::span(w)), {}, {}, {}, {}, {}, gradient, m, {});
  EXPECT_FLOAT_EQ(m[0], 4.0f);
  EXPECT_FLOAT_EQ(w[0], 0.6f);
  EXPECT_EQ(gradient[0], 0.0f);
}

TEST(SgdUpdateReference, WeightsBeyondTheClipGetNoGradient) {
  std::vector<float> w = {0.5f, -0.5f, 3.0f, -3.0f}, gradient(4, 1.0f);
  const std::vector<float> alpha = {1.0f};
  SgdUpdateParams p{};
  p.shadow = {.n_rows = 1,
              .cols = 4,
              .plane = {.row_stride = 4, .dtype = TRITIUM_DTYPE_F32, .code_step = 0.0f},
              .clip = 2.0f,
              .n_alpha = 1,
              .n_groups = 1,
              .group_size = 4};
  p.learning_rate = 0.25f, p.gradient_scale = 1.0f;
  cpu_ref::sgd_update(p, std::as_writable_bytes(std::span(w)), {}, alpha, {}, {}, {}, gradient, {}, {});
  EXPECT_EQ(w, (std::vector<float>{0.25f, -0.75f, 3.0f, -3.0f}));
  EXPECT_EQ(gradient, std::vector<float>(4));
}

}  // namespace tritium
