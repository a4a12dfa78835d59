// Experts that no token of a step chose: they keep their weights and what the optimiser knows of them.
#include <algorithm>

#include "tests/train/training_model.h"

namespace tritium {
namespace {

using training::BitLinear;

// So many that the 24 choices of a batch cannot reach all.
constexpr int64_t kExperts = 32;
constexpr const char* kManyExperts =
    R"({"architecture": "qwen3moe", "dim": 24, "layers": 2, "heads": 2, "ffn": 16, "experts": 32, "top_k": 2, "context": 16})";

struct Kept {
  std::vector<float> shadow, first_moments;
};

class UnusedExperts : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  void SetUp() override {
    backend = training_backend(std::get<0>(GetParam()));
    if (!backend) GTEST_SKIP() << std::get<0>(GetParam()) << " cannot run here";
  }
  static Kept kept_of(TrainingModel& m, const BitLinear& p) {
    return {m.values_of(p.shadow.data), p.m ? m.values_of(p.m) : std::vector<float>()};
  }
  std::unique_ptr<Backend> backend;
};
OptimizerKind kind_of(const std::string& name) {
  return name == "sgd"       ? OptimizerKind::sgd
         : name == "adalomo" ? OptimizerKind::adalomo
         : name == "muon"    ? OptimizerKind::muon
                             : OptimizerKind::adamw;
}
INSTANTIATE_TEST_SUITE_P(Backends, UnusedExperts,
                         ::testing::Combine(::testing::Values("reference", "cpu", "vulkan"),
                                            ::testing::Values("adamw", "sgd", "adalomo", "muon")),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
                         });

bool part_equals(const std::vector<float>& a, const std::vector<float>& b, int64_t expert) {
  const auto size = std::ssize(a) / kExperts;
  return std::equal(a.begin() + expert * size, a.begin() + (expert + 1) * size, b.begin() + expert * size);
}

TEST_P(UnusedExperts, KeepWeightsAndMomentsWhileTheOthersMove) {
  TrainingModel m(std::move(backend), kManyExperts, {},
                  {.kind = kind_of(std::get<1>(GetParam())), .momentum = 0.9f, .weight_decay = 0.1f});
  const BitLinear& stack = m.parameter("blk.1.ffn_down_exps.weight");
  int64_t unused = 0, used = 0;
  for (int64_t step = 1; step <= 6; ++step) {
    for (size_t i = 0; i < m.inputs.size(); ++i)
      m.inputs[i] = static_cast<int32_t>((m.inputs[i] + 7 * step) % kVocabulary);
    const Kept before = kept_of(m, stack);
    m.step(step);
    const std::vector<float> load = m.values_of(m.model->routers()[1].load);
    const Kept after = kept_of(m, stack);
    for (int64_t e = 0; e < kExperts; ++e) {
      const bool same = part_equals(before.shadow, after.shadow, e);
      EXPECT_EQ(same, load[static_cast<size_t>(e)] == 0.0f) << "step " << step << ", expert " << e;
      same ? ++unused : ++used;
      // The momentum of Muon fades.
      if (same && !before.first_moments.empty() && kind_of(std::get<1>(GetParam())) != OptimizerKind::muon) {
        EXPECT_TRUE(part_equals(before.first_moments, after.first_moments, e)) << "step " << step << ", expert " << e;
      }
    }
  }
  EXPECT_GT(unused, 0);
  EXPECT_GT(used, 0);
}

TEST_P(UnusedExperts, ThoseOfAnyMicroBatchAreUsed) {
  TrainingModel m(std::move(backend), kManyExperts, {}, {.kind = kind_of(std::get<1>(GetParam()))});
  const BitLinear& stack = m.parameter("blk.0.ffn_up_exps.weight");
  const Kept before = kept_of(m, stack);
  std::vector<float> load(kExperts);
  for (int part = 0; part < 2; ++part) {
    m.loss(true);
    const std::vector<float> own = m.values_of(m.model->routers()[0].load);
    for (size_t e = 0; e < load.size(); ++e) load[e] += own[e];
    for (int32_t& token : m.inputs) token = (token + 5) % static_cast<int32_t>(kVocabulary);
  }
  m.optimizer->step(m.workspace, {.step = 1, .learning_rate = 0.01f});
  const Kept after = kept_of(m, stack);
  for (int64_t e = 0; e < kExperts; ++e)
    EXPECT_EQ(part_equals(before.shadow, after.shadow, e), load[static_cast<size_t>(e)] == 0.0f) << "expert " << e;
}

}  // namespace
}  // namespace tritium
