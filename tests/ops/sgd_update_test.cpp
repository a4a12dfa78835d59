#include <vector>

#include "cpu_ref/operations.h"
#include "cpu_ref/shadow.h"
#include "shaders/params/dtype.h"
#include "tests/ops/backend_test.h"

namespace tritium {

class SgdUpdate : public BackendTest {};
INSTANTIATE_TEST_SUITE_P(Backends, SgdUpdate, tested_backends(), backend_name);

TEST_P(SgdUpdate, AgreesWithTheReferenceOnEveryShape) { expect_agreement(GetParam(), "sgd_update"); }

TEST(SgdUpdateReference, MomentumAddsUpGradients) {
  std::vector<float> w = {1.0f}, m = {2.0f}, gradient = {3.0f};
  SgdUpdateParams p{};
  p.shadow = {.n_rows = 1, .cols = 1, .row_stride = 1, .dtype = TRITIUM_DTYPE_F32, .n_groups = 1, .group_size = 1};
  p.learning_rate = 0.1f, p.momentum = 0.5f, p.gradient_scale = 1.0f;
  cpu_ref::sgd_update(p, gradient, m,
                      {.parameter = std::as_writable_bytes(std::span(w)),
                       .sums = {},
                       .alpha = {},
                       .words = {},
                       .scales = {},
                       .flips = {}});
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
              .row_stride = 4,
              .dtype = TRITIUM_DTYPE_F32,
              .clip = 2.0f,
              .n_alpha = 1,
              .n_groups = 1,
              .group_size = 4};
  p.learning_rate = 0.25f, p.gradient_scale = 1.0f;
  cpu_ref::sgd_update(p, gradient, {},
                      {.parameter = std::as_writable_bytes(std::span(w)),
                       .sums = {},
                       .alpha = alpha,
                       .words = {},
                       .scales = {},
                       .flips = {}});
  EXPECT_EQ(w, (std::vector<float>{0.25f, -0.75f, 3.0f, -3.0f}));
  EXPECT_EQ(gradient, std::vector<float>(4));
}

}  // namespace tritium
