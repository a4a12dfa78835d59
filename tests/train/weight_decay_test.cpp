// Weight decay that ends within a run, in one recording.
#include <cmath>

#include "tests/train/training_model.h"

namespace tritium {
namespace {

class Decay : public ::testing::TestWithParam<std::tuple<const char*, OptimizerKind>> {};
INSTANTIATE_TEST_SUITE_P(Backends, Decay,
                         ::testing::Combine(::testing::Values("reference", "cpu", "vulkan"),
                                            ::testing::Values(OptimizerKind::adamw, OptimizerKind::sgd,
                                                              OptimizerKind::muon, OptimizerKind::adalomo)));

// The first step without, the second with all of it: w is smaller by learning rate * decay * w.
TEST_P(Decay, IsWhatTheStepSays) {
  const auto& [backend, kind] = GetParam();
  if (!training_backend(backend)) GTEST_SKIP() << backend << " cannot run here";
  const training::Recipe recipe = {.attention = WeightMode::full, .feed_forward = WeightMode::full};
  TrainingModel with(training_backend(backend), kTinyDense, recipe, {.kind = kind, .weight_decay = 0.5f});
  TrainingModel without(training_backend(backend), kTinyDense, recipe, {.kind = kind});
  const auto weights_after = [](TrainingModel& m, int64_t step, float decay) {
    m.loss(true);
    m.optimizer->step(m.workspace, {.step = step, .learning_rate = 0.01f, .weight_decay = decay});
    EXPECT_TRUE(m.ops.finish().ok());
    return *m.parameter("blk.0.attn_q.weight").values(*m.backend);
  };
  const std::vector<float> first = weights_after(with, 1, 0.0f);
  ASSERT_EQ(first, weights_after(without, 1, 0.0f));
  const std::vector<float> decayed = weights_after(with, 2, 1.0f), free = weights_after(without, 2, 1.0f);
  for (size_t i = 0; i < first.size(); ++i)
    ASSERT_NEAR(free[i] - decayed[i], 0.01 * 0.5 * double{first[i]}, 1e-7 + 1e-4 * std::abs(first[i])) << i;
}

}  // namespace
}  // namespace tritium
