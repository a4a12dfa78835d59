#include "train/expert_distance.h"

#include "tests/train/training_model.h"

namespace tritium {
namespace {

TEST(ExpertDistance, OfIndependentExpertsIsAboutOne) {
  TrainingModel m(training_backend("reference"), kTinyMoe, {});
  const Result<std::optional<double>> distance = training::expert_distance(*m.backend, *m.model);
  ASSERT_TRUE(distance.ok() && *distance);
  EXPECT_NEAR(**distance, 1.0, 0.1);
}

TEST(ExpertDistance, OfCopiesIsZero) {
  TrainingModel m(training_backend("reference"), kTinyMoe, {});
  for (training::BitLinear* p : m.model->parameters()) {
    if (p->n_matrices < 2) continue;
    std::vector<float> values = m.values_of(p->shadow.data);
    const size_t one = values.size() / static_cast<size_t>(p->n_matrices);
    for (size_t i = one; i < values.size(); ++i) values[i] = values[i % one];
    m.ops.upload(p->shadow.data, std::as_bytes(std::span(values)));
  }
  const Result<std::optional<double>> distance = training::expert_distance(*m.backend, *m.model);
  ASSERT_TRUE(distance.ok() && *distance);
  EXPECT_EQ(**distance, 0.0);
}

TEST(ExpertDistance, IsNothingForADenseModel) {
  TrainingModel m(training_backend("reference"), kTinyDense, {});
  const Result<std::optional<double>> distance = training::expert_distance(*m.backend, *m.model);
  ASSERT_TRUE(distance.ok());
  EXPECT_FALSE(*distance);
}

}  // namespace
}  // namespace tritium
