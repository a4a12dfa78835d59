// The same run on two backends.
#include <cmath>
#include <cstdlib>

#include "base/environment.h"
#include "tests/train/training_model.h"

namespace tritium {
namespace {

TEST(TrainingOnVulkan, FollowsTheCpuForFiftySteps) {
  std::unique_ptr<Backend> vulkan = training_backend("vulkan");
  if (!vulkan) GTEST_SKIP() << "no Vulkan device here";
  for (ShadowPrecision shadow : {ShadowPrecision::fp32, ShadowPrecision::bf16}) {
    TrainingModel on_cpu(training_backend("cpu"), kTinyMoe, {.shadow = shadow});
    TrainingModel on_vulkan(training_backend("vulkan"), kTinyMoe, {.shadow = shadow});
    const double first = on_cpu.loss(false);
    for (int64_t step = 1; step <= 50; ++step) {
      const double expected = on_cpu.step(step, 0.003f);
      ASSERT_NEAR(on_vulkan.step(step, 0.003f), expected, 1e-3) << "step " << step;
    }
    EXPECT_LT(on_cpu.loss(false), 0.7 * first);
  }
}

// Wide enough for gradients to be rounded to 16 bits.
constexpr const char* kWiderMoe =
    R"({"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 16, "ffn": 64, "experts": 4, "top_k": 2, "context": 16})";

// The backend whose products of gradients are those of floats.
std::unique_ptr<Backend> float_backend() {
  set_environment("TRITIUM_CPU_RUNG", "avx512-vnni-float");
  std::unique_ptr<Backend> backend = training_backend("cpu");
  set_environment("TRITIUM_CPU_RUNG", "portable");  // of processors without AVX-512
  if (!backend) backend = training_backend("cpu");
  set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  return backend;
}

TEST(TrainingOnTheCpu, RoundedGradientsFollowFloatsForFiftySteps) {
  constexpr float kRate = 0.001f;
  for (ShadowPrecision shadow : {ShadowPrecision::fp32, ShadowPrecision::bf16}) {
    TrainingModel rounded(training_backend("cpu"), kWiderMoe, {.shadow = shadow});
    TrainingModel floats(float_backend(), kWiderMoe, {.shadow = shadow});
    for (int64_t step = 1; step <= 50; ++step) {
      const double expected = floats.step(step, kRate);
      ASSERT_NEAR(rounded.step(step, kRate), expected, 1e-3) << "step " << step;
    }
  }
}

TEST(TrainingOnTheCpu, DoesNotDependOnTheNumberOfThreads) {
  std::vector<std::vector<float>> weights;
  for (int threads : {1, 2}) {
    Result<std::unique_ptr<Backend>> backend = training_backend_of("cpu", threads);
    ASSERT_TRUE(backend.ok());
    TrainingModel m(*std::move(backend), kTinyMoe, {.shadow = ShadowPrecision::bf16});
    for (int64_t step = 1; step <= 5; ++step) m.step(step);
    const Result<std::vector<float>> values = m.parameter("blk.1.ffn_up_exps.weight").values(*m.backend);
    ASSERT_TRUE(values.ok());
    weights.push_back(*values);
  }
  EXPECT_EQ(weights[0], weights[1]);
}

}  // namespace
}  // namespace tritium
