// Averages of shadows against the same sums on the host.
#include "train/optimizers/averages.h"

#include <algorithm>
#include <cmath>

#include "shaders/lib/ternary.h"
#include "tensor/half.h"
#include "tests/train/training_model.h"

namespace tritium {
namespace {

constexpr const char* kName = "blk.0.ffn_up_exps.weight";

class ShadowAverages : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << GetParam() << " cannot run here";
  }
  // The shadow of one parameter after each of `steps`, and its average after the last.
  void run(ShadowPrecision precision, const training::AverageOptions& options, int64_t steps) {
    TrainingModel m(training_backend(GetParam()), kTinyMoe, {.shadow = precision});
    training::Averages averages(*m.model, options);
    Allocator allocator(*m.backend);
    averages.allocate(allocator);
    ASSERT_TRUE(allocator.ok());
    training::BitLinear& p = m.parameter(kName);
    int64_t count = 0;
    for (int64_t step = 1; step <= steps; ++step) {
      m.step(step);
      count = *averages.update(m.workspace, step, steps, count);
      shadows.push_back(*p.values(*m.backend));
    }
    ASSERT_TRUE(averages.take_over(*m.backend).ok());
    averaged = *p.values(*m.backend);
    code_step = p.shadow.code_step;
    m.optimizer->start(m.workspace, 1.0f);
    ASSERT_TRUE(m.ops.finish().ok());
    trits.emplace(*m.backend->download_weight(p.packed));
  }
  std::vector<std::vector<float>> shadows;
  std::vector<float> averaged;
  float code_step = 0;
  std::optional<TernaryMatrix> trits;
};
INSTANTIATE_TEST_SUITE_P(Backends, ShadowAverages, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(ShadowAverages, EmaForgetsByItsDecay) {
  run(ShadowPrecision::fp32, {.kind = Average::ema, .decay = 0.75}, 5);
  for (size_t i = 0; i < averaged.size(); ++i) {
    double expected = double{shadows[0][i]};
    for (size_t step = 1; step < 5; ++step) expected = 0.75 * expected + 0.25 * double{shadows[step][i]};
    ASSERT_NEAR(averaged[i], expected, 1e-6) << i;
  }
}

TEST_P(ShadowAverages, SwaIsTheMeanOfTheLastPart) {
  run(ShadowPrecision::fp32, {.kind = Average::swa, .fraction = 0.5}, 6);
  for (size_t i = 0; i < averaged.size(); ++i)
    ASSERT_NEAR(averaged[i], (double{shadows[3][i]} + double{shadows[4][i]} + double{shadows[5][i]}) / 3, 1e-6) << i;
}

TEST_P(ShadowAverages, OfBf16ShadowsIsRoundedOnceInTheEnd) {
  run(ShadowPrecision::bf16, {.kind = Average::ema, .decay = 0.5}, 4);
  for (size_t i = 0; i < averaged.size(); ++i) {
    double expected = double{shadows[0][i]};
    for (size_t step = 1; step < 4; ++step) expected = 0.5 * expected + 0.5 * double{shadows[step][i]};
    ASSERT_NEAR(averaged[i], expected, std::abs(expected) * 0x1.0p-8 + 1e-7) << i;
  }
}

TEST_P(ShadowAverages, OfShadowsOfOneByteAreRoundedOnceInTheEnd) {
  run(ShadowPrecision::int8, {.kind = Average::ema, .decay = 0.5}, 4);
  ASSERT_GT(code_step, 0.0f);
  for (size_t i = 0; i < averaged.size(); ++i) {
    double expected = double{shadows[0][i]};
    for (size_t step = 1; step < 4; ++step) expected = 0.5 * expected + 0.5 * double{shadows[step][i]};
    ASSERT_NEAR(averaged[i], expected, 0.5001 * code_step) << i;
  }
}

TEST_P(ShadowAverages, BecomeTheTritsThatAreExported) {
  run(ShadowPrecision::fp32, {.kind = Average::swa, .fraction = 1.0}, 4);
  for (int64_t row = 0; row < trits->n_matrices() * trits->rows(); ++row)
    for (int64_t c = 0; c < trits->cols(); ++c) {
      const int64_t matrix = row / trits->rows(), in_matrix = row % trits->rows();
      ASSERT_EQ(trits->trit(matrix, in_matrix, c),
                shader::ternary_trit(averaged[static_cast<size_t>(row * trits->cols() + c)],
                                     trits->scale(matrix, in_matrix, c)));
    }
}

TEST_P(ShadowAverages, BecomeTheIntegersThatAreEvaluated) {
  TrainingModel m(training_backend(GetParam()), kTinyMoe, {.feed_forward = WeightMode::int4});
  training::Averages averages(*m.model, {.kind = Average::swa, .fraction = 1.0});
  Allocator allocator(*m.backend);
  averages.allocate(allocator);
  for (int64_t step = 1; step <= 4; ++step) {
    m.step(step);
    ASSERT_TRUE(averages.update(m.workspace, step, 4, step - 1).ok());
  }
  ASSERT_TRUE(averages.take_over(*m.backend).ok());
  m.optimizer->start(m.workspace, 1.0f);
  ASSERT_TRUE(m.ops.finish().ok());
  const training::BitLinear& p = m.parameter(kName);
  const std::vector<float> average = *p.values(*m.backend), evaluated = *p.forward_values(*m.backend);
  const auto cols = static_cast<size_t>(p.cols);
  for (size_t row = 0; row < average.size() / cols; ++row) {
    double largest = 0;
    for (size_t c = 0; c < cols; ++c) largest = std::max(largest, std::abs(double{average[row * cols + c]}));
    const float scale = f16_to_f32(f32_to_f16(static_cast<float>(largest / 7)));
    for (size_t c = 0; c < cols; ++c)
      ASSERT_NEAR(evaluated[row * cols + c],
                  std::clamp(std::nearbyint(average[row * cols + c] / scale), -7.0f, 7.0f) * scale, 1e-6);
  }
}

}  // namespace
}  // namespace tritium
