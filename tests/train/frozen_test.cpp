// Parts that are frozen stay as the file has them, ternary or not; the rest learns around them.
#include "tests/train/training_model.h"

namespace tritium {
namespace {

TEST(FrozenParts, KeepTheirWeightsWhileTheRestLearns) {
  TrainingModel m(training_backend("cpu"), kTinyDense,
                  {.embedding = WeightMode::frozen, .attention = WeightMode::frozen});
  const auto values_of = [&](const char* name) {
    const Result<std::vector<float>> values = m.parameter(name).values(*m.backend);
    EXPECT_TRUE(values.ok()) << values.message();
    return *values;
  };
  const std::vector<float> embedding = values_of("token_embd.weight"), query = values_of("blk.0.attn_q.weight");
  const double before = m.loss(false);
  for (int64_t step = 1; step <= 10; ++step) m.step(step);
  EXPECT_EQ(values_of("token_embd.weight"), embedding);
  EXPECT_EQ(values_of("blk.0.attn_q.weight"), query);
  EXPECT_LT(m.loss(false), before);
}

}  // namespace
}  // namespace tritium
