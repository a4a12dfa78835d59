#include "tests/ops/composed.h"

namespace tritium {
namespace {

class NormRouterReference : public ComposedTest {
 protected:
  Weight router(int64_t experts, int64_t dim, const std::vector<float>& w) {
    const auto bytes = std::as_bytes(std::span(w));
    return *backend_->upload_weight(
        DenseMatrix{
            .n_matrices = 1, .rows = experts, .cols = dim, .dtype = DType::f32, .bytes = {bytes.begin(), bytes.end()}},
        "router");
  }
};

TEST_F(NormRouterReference, GivesLogitsInFloatsAndCodesOfTheSameNorm) {
  const Tensor sum = zeros({1, 2}), q = zeros({1, 256}, DType::i8), scales = zeros({1, 1}), logits = zeros({1, 3});
  ASSERT_TRUE(run(NormRouter{.x = floats({1, 2}, {3, 0}),
                             .branch = floats({1, 2}, {0, 4}),
                             .norm = floats({2}, {1, 1}),
                             .router = router(3, 2, {1, 0, 0, 1, 2, -1}),
                             .sum = sum,
                             .q = q,
                             .scales = scales,
                             .logits = logits,
                             .eps = 0})
                  .ok());
  EXPECT_EQ(values(sum), (std::vector<float>{3, 4}));
  const float rms = std::sqrt(12.5f);
  const std::vector<float> expected = {3 / rms, 4 / rms, 2 / rms};
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(values(logits)[i], expected[i], 1e-6);
  EXPECT_EQ(values<int8_t>(q)[0], 95);  // 127 3 / 4
  EXPECT_EQ(values<int8_t>(q)[1], 127);
  EXPECT_EQ(values<int8_t>(q)[2], 0);
  EXPECT_NEAR(values(scales)[0], 4 / rms / 127, 1e-7);
}

TEST_F(NormRouterReference, RefusesCodesWithoutPadding) {
  const Tensor x = zeros({1, 2});
  EXPECT_EQ(run(NormRouter{.x = x,
                           .norm = zeros({2}),
                           .router = router(1, 2, {0, 0}),
                           .q = zeros({1, 2}, DType::i8),
                           .scales = zeros({1, 1}),
                           .logits = zeros({1, 1})})
                .message(),
            "norm_router: q is [1,2], must be [1,256]");
}

}  // namespace
}  // namespace tritium
