// Ternary weights that train without a shadow.
#include "tests/train/training_model.h"

namespace tritium {
namespace {

training::Recipe stochastic_recipe(ScaleSync sync = ScaleSync::automatic) {
  training::Recipe recipe;
  recipe.attention = recipe.feed_forward = WeightMode::stochastic;
  recipe.scale_sync = sync;
  return recipe;
}

class StochasticFlips : public ::testing::TestWithParam<const char*> {
 protected:
  TrainingModel model(const training::Recipe& recipe, const training::OptimizerOptions& options = {}) {
    return {training_backend(GetParam()), kTinyMoe, recipe, options};
  }
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << GetParam() << " cannot run here";
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, StochasticFlips, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(StochasticFlips, LearnWithoutAShadow) {
  for (ScaleSync sync : {ScaleSync::automatic, ScaleSync::per_row})
    for (OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sgd, OptimizerKind::muon, OptimizerKind::adalomo}) {
      TrainingModel m = model(stochastic_recipe(sync), {.kind = kind});
      const double before = m.loss(false);
      for (int64_t step = 1; step <= 15; ++step) m.step(step, kind == OptimizerKind::sgd ? 0.1f : 0.01f);
      EXPECT_LT(m.loss(false), 0.8 * before);
      EXPECT_FALSE(m.parameter("blk.0.attn_q.weight").shadow.data);
    }
}

TEST_P(StochasticFlips, KeepTheAlphasAndFlipSomeTrits) {
  TrainingModel m = model(stochastic_recipe());
  const training::BitLinear& p = m.parameter("blk.0.ffn_up_exps.weight");
  const Result<TernaryMatrix> before = m.backend->download_weight(p.packed);
  for (int64_t step = 1; step <= 5; ++step) m.step(step);
  const Result<TernaryMatrix> after = m.backend->download_weight(p.packed);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_TRUE(std::ranges::equal(before->scales(), after->scales()));
  EXPECT_FALSE(std::ranges::equal(before->words(), after->words()));
}

// 8-bit states are of 4096 weights on; these are smaller, so both runs keep floats and differ in nothing.
TEST_P(StochasticFlips, AreTheSameOnEveryRun) {
  std::vector<std::vector<float>> runs;
  for (int run = 0; run < 2; ++run) {
    TrainingModel m = model(stochastic_recipe());
    for (int64_t step = 1; step <= 4; ++step) m.step(step);
    runs.push_back(*m.parameter("blk.1.attn_output.weight").values(*m.backend));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

}  // namespace
}  // namespace tritium
