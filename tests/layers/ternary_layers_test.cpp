// Layers on a backend are the plain ones: the same trits, the same results.
#include <gtest/gtest.h>

#include "backends.h"
#include "base/counter_rng.h"
#include "layers/mixture.h"

namespace tritium {
namespace {

std::vector<float> random_values(uint64_t seed, int64_t n) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_normal(seed, i));
  return values;
}

void expect_near(const std::vector<float>& tested, const std::vector<float>& expected, double tolerance) {
  ASSERT_EQ(tested.size(), expected.size());
  double largest = 0;
  for (float e : expected) largest = std::max(largest, std::abs(double{e}));
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(tested[i], expected[i], tolerance * largest) << i;
}

class TernaryLayers : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Backend>> made =
        make_backend({.backend = GetParam(), .threads = 2, .capture_file = {}, .log = {}});
    if (!made.ok()) GTEST_SKIP() << made.message();
    backend = *std::move(made);
  }
  std::unique_ptr<Backend> backend;
};
INSTANTIATE_TEST_SUITE_P(Backends, TernaryLayers, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TernaryLayers, FromCpuLinearKeepsEveryTritAndScale) {
  for (const ScaleGranularity granularity :
       {ScaleGranularity::tensor, ScaleGranularity::row, ScaleGranularity::group}) {
    const Result<CpuLinear> linear = CpuLinear::from_weight(random_values(1, 7 * 300), 7, 300, granularity, 64);
    ASSERT_TRUE(linear.ok());
    const Result<TernaryLinear> moved = TernaryLinear::from_cpu_linear(*backend, *linear);
    ASSERT_TRUE(moved.ok()) << moved.message();
    const Result<TernaryMatrix> back = backend->download_weight(moved->weight());
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_TRUE(std::ranges::equal(back->words(), linear->matrix().words()));
    EXPECT_EQ(back->dequantize(), linear->matrix().dequantize());
  }
}

TEST_P(TernaryLayers, LinearGivesWhatTheCpuLinearGives) {
  const Result<CpuLinear> linear = CpuLinear::from_weight(random_values(1, 9 * 300), 9, 300);
  ASSERT_TRUE(linear.ok());
  const Result<TernaryLinear> moved = TernaryLinear::from_cpu_linear(*backend, *linear);
  ASSERT_TRUE(moved.ok()) << moved.message();
  const std::vector<float> x = random_values(2, 4 * 300);
  for (const ActivationMode activations :
       {ActivationMode::int8_per_token, ActivationMode::int8_per_block, ActivationMode::f32}) {
    const Result<std::vector<float>> y = moved->forward(x, 4, activations);
    ASSERT_TRUE(y.ok()) << y.message();
    // Integer sums are the same to the bit; floats are summed in another order.
    expect_near(*y, *linear->forward(x, 4, activations), activations == ActivationMode::f32 ? 2e-5 : 0.0);
  }
  EXPECT_FALSE(moved->forward(x, 5).ok());
}

Result<CpuMoELayer> random_mixture(MoeConfig config) {
  constexpr int64_t kDim = 40, kWidth = 24, kExperts = 5;
  std::vector<TernaryExpert> experts;
  for (uint64_t e = 0; e < kExperts; ++e) {
    Result<TernaryExpert> expert =
        TernaryExpert::from_weights(random_values(10 + e, kWidth * kDim), random_values(20 + e, kWidth * kDim),
                                    random_values(30 + e, kDim * kWidth), kDim, kWidth);
    if (!expert.ok()) return expert.status();
    experts.push_back(*std::move(expert));
  }
  return CpuMoELayer::create(config, random_values(3, kExperts * kDim), std::move(experts));
}

TEST_P(TernaryLayers, FromCpuMoeGivesWhatTheCpuLayerGives) {
  for (const bool renormalize : {true, false})
    for (const GateActivation activation : {GateActivation::silu, GateActivation::gelu, GateActivation::relu2}) {
      const Result<CpuMoELayer> layer =
          random_mixture({.n_experts_used = 2, .renormalize = renormalize, .activation = activation});
      ASSERT_TRUE(layer.ok()) << layer.message();
      const Result<TernaryMoELayer> moved = TernaryMoELayer::from_cpu_moe(*backend, *layer);
      ASSERT_TRUE(moved.ok()) << moved.message();
      const std::vector<float> x = random_values(4, 6 * 40);
      const Result<std::vector<float>> y = moved->forward(x, 6);
      ASSERT_TRUE(y.ok()) << y.message();
      // A hidden value that is off by its last bit may round to another of 127 codes.
      expect_near(*y, *layer->forward(x, 6), 1e-2);
    }
}

TEST_P(TernaryLayers, FromCpuMoeStacksTheExpertsTrits) {
  const Result<CpuMoELayer> layer = random_mixture({.n_experts_used = 2});
  ASSERT_TRUE(layer.ok());
  const Result<TernaryMoELayer> moved = TernaryMoELayer::from_cpu_moe(*backend, *layer);
  ASSERT_TRUE(moved.ok()) << moved.message();
  const Result<TernaryMatrix> stack = backend->download_weight(moved->down());
  ASSERT_TRUE(stack.ok());
  for (int64_t e = 0; e < 5; ++e)
    for (int64_t row : {0, 39})
      for (int64_t col = 0; col < 24; ++col)
        EXPECT_EQ(stack->value(e, row, col), layer->experts[static_cast<size_t>(e)].down.matrix().value(0, row, col));
}

}  // namespace
}  // namespace tritium
