// Integers rounded by the inputs of a text: on their grid, and nearer to the model in full precision than to nearest.
#include "train/calibration.h"

#include <cmath>

#include "tests/train/training_model.h"

namespace tritium {
namespace {

using training::BitLinear;
using training::Recipe;

std::vector<float> logits_of(TrainingModel& m) {
  return m.model->logits(m.ops, m.workspace, {2, 6, m.inputs, m.targets});
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return std::sqrt(sum);
}

class Calibrated : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << "no " << GetParam() << " here";
  }
  TrainingModel model(const char* description, const Recipe& recipe) {
    return {training_backend(GetParam()), description, recipe};
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Calibrated, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return info.param; });

TEST_P(Calibrated, LogitsAreNearerToThoseOfFullPrecision) {
  for (const char* description : {kTinyDense, kTinyMoe})
    for (ScaleSync sync : {ScaleSync::automatic, ScaleSync::per_group}) {
      Recipe recipe{.attention = WeightMode::int4, .feed_forward = WeightMode::int4, .int8_activations = false};
      recipe.scale_sync = sync;
      recipe.group_size = 16;
      Recipe full = recipe;
      full.attention = full.feed_forward = WeightMode::full;
      TrainingModel m = model(description, recipe), plain = model(description, full);
      const std::vector<float> wanted = logits_of(plain), nearest = logits_of(m);
      const training::TokenBatch batch{2, 6, m.inputs, m.targets};
      const Status status = training::round_calibrated(m.ops, m.workspace, *m.model, {{batch}});
      ASSERT_TRUE(status.ok()) << status.message();
      EXPECT_LT(distance(logits_of(m), wanted), distance(nearest, wanted)) << description;
    }
}

TEST_P(Calibrated, WeightsLieOnTheGridOfTheScalesThatTheyHad) {
  TrainingModel m =
      model(kTinyMoe, {.attention = WeightMode::int8, .feed_forward = WeightMode::int5, .int8_activations = false});
  const BitLinear& p = m.parameter("blk.1.ffn_down_exps.weight");
  const std::vector<float> alpha = m.values_of(m.model->quantizer_of(p)->alpha());
  const std::vector<float> before = *p.forward_values(*m.backend);
  const training::TokenBatch batch{2, 6, m.inputs, m.targets};
  ASSERT_TRUE(training::round_calibrated(m.ops, m.workspace, *m.model, {{batch}}).ok());
  EXPECT_EQ(m.values_of(m.model->quantizer_of(p)->alpha()), alpha);
  const std::vector<float> after = *p.forward_values(*m.backend);
  EXPECT_EQ(*p.values(*m.backend), after) << "the shadow is what is multiplied with";
  EXPECT_NE(after, before);
  const auto cols = static_cast<size_t>(p.cols);
  for (size_t i = 0; i < after.size(); ++i) {
    const float scale = alpha[i / cols], code = std::nearbyint(after[i] / scale);
    ASSERT_EQ(after[i], scale * code);
    ASSERT_LE(std::abs(code), 15.0f);
  }
}

TEST(Calibration, KnowsWhetherThereAreIntegers) {
  EXPECT_FALSE(training::has_integers(*TrainingModel(training_backend("reference"), kTinyDense, {}).model));
  EXPECT_TRUE(training::has_integers(
      *TrainingModel(training_backend("reference"), kTinyDense, {.attention = WeightMode::int6}).model));
}

}  // namespace
}  // namespace tritium
