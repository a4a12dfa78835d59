// AdaLomo in training: what it keeps, and that it learns, all at once or layer by layer.
#include <numeric>

#include "tests/train/training_model.h"

namespace tritium {
namespace {

constexpr const char* kStack = "blk.0.ffn_up_exps.weight";

class AdaLomo : public ::testing::TestWithParam<const char*> {
 protected:
  TrainingModel model(const training::Recipe& recipe, training::OptimizerOptions options = {}) {
    options.kind = OptimizerKind::adalomo;
    return {training_backend(GetParam()), kTinyMoe, recipe, options};
  }
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << GetParam() << " cannot run here";
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, AdaLomo, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(AdaLomo, LearnsATinyMixture) {
  for (ShadowPrecision shadow : {ShadowPrecision::fp32, ShadowPrecision::bf16}) {
    TrainingModel m = model({.shadow = shadow});
    const double before = m.loss(false);
    for (int64_t step = 1; step <= 10; ++step) m.step(step);
    EXPECT_LT(m.loss(false), 0.8 * before);
  }
}

TEST_P(AdaLomo, KeepsANumberForEachRowAndColumnOfEachExpert) {
  TrainingModel m = model({});
  const training::BitLinear& p = m.parameter(kStack);
  EXPECT_FALSE(p.m);
  EXPECT_FALSE(p.v);
  EXPECT_EQ(p.row_squares.shape, (Shape{4, 20}));
  EXPECT_EQ(p.col_squares.shape, (Shape{4, 24}));
}

TEST_P(AdaLomo, CountsTheTritsThatFlip) {
  TrainingModel m = model({});
  const training::BitLinear& p = m.parameter(kStack);
  const auto counted = [&] {
    std::vector<int32_t> flips(80);
    EXPECT_TRUE(m.backend->download(p.flips, std::as_writable_bytes(std::span(flips))).ok());
    return std::accumulate(flips.begin(), flips.end(), int64_t{0});
  };
  const Result<TernaryMatrix> before = m.backend->download_weight(p.packed);
  const int64_t at_first = counted();  // when they were packed
  m.step(1);
  const Result<TernaryMatrix> after = m.backend->download_weight(p.packed);
  int64_t changed = 0;
  for (int64_t e = 0; e < 4; ++e)
    for (int64_t row = 0; row < 20; ++row)
      for (int64_t col = 0; col < 24; ++col) changed += before->trit(e, row, col) != after->trit(e, row, col);
  EXPECT_EQ(counted() - at_first, changed);
  EXPECT_GT(changed, 0);
}

TEST_P(AdaLomo, LayerByLayerIsTheSameStep) {
  TrainingModel whole = model({.shadow = ShadowPrecision::bf16});
  TrainingModel layers = model({.shadow = ShadowPrecision::bf16}, {.by_layer = true});
  for (int64_t step = 1; step <= 3; ++step) {
    whole.loss(true);
    whole.optimizer->step(whole.workspace, {.step = step, .learning_rate = 0.01f});
    float scored = 0;
    for (int32_t target : layers.targets) scored += target >= 0 ? 1.0f : 0.0f;
    const training::StepOptions now = {.step = step, .learning_rate = 0.01f};
    layers.model->loss(layers.ops, layers.workspace, {2, 6, layers.inputs, layers.targets},
                       {.gradient_scale = 1.0f / scored, .update = &layers.optimizer->update_by_layer(now)});
  }
  ASSERT_TRUE(whole.ops.finish().ok() && layers.ops.finish().ok());
  EXPECT_EQ(*whole.parameter(kStack).values(*whole.backend), *layers.parameter(kStack).values(*layers.backend));
}

}  // namespace
}  // namespace tritium
