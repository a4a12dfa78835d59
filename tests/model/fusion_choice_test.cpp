// Choices between fused operations and their twins in whole models on Vulkan: nobody but a clock sees them.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends.h"
#include "base/environment.h"
#include "model/transformer.h"
#include "ops/fusion.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "vulkan/vulkan_backend.h"

namespace tritium {
namespace {

const std::vector<RandomModelOptions> kModels = {
    {.architecture = "qwen3moe", .n_layers = 2, .n_experts = 7},
    {.architecture = "maple", .n_layers = 2, .rope_dims = 8, .n_experts = 9, .n_experts_used = 4},
    {.architecture = "bitnet-b1.58", .dim = 64}};

// Three tokens at once, then one by one: what is recorded for one token is met when caches hold something. Empty: an
// error, which is a failure.
std::vector<float> logits_of(const RandomModelOptions& options, Backend& backend) {
  const MemoryTensorMap map = random_model(options);
  const CheckedModel model = *CheckedModel::check(map);
  const Weights weights = *load_weights(model, backend, {});
  ForwardState state = *make_state(model.config(), weights, backend, {.capacity = 16, .batch = 4});
  const std::vector<int32_t> tokens = {1, 5, 9, 96, 0, 33, 33, 7};
  std::vector<float> logits(static_cast<size_t>(options.vocab_size)), all;
  for (size_t t = 0; t < tokens.size();) {
    const size_t n = t == 0 ? 3 : 1;
    const Status status = forward(model.config(), weights, state, backend, std::span(tokens).subspan(t, n),
                                  static_cast<int64_t>(t), Logits::last, logits);
    EXPECT_TRUE(status.ok()) << status.message();
    if (!status.ok()) return {};
    all.insert(all.end(), logits.begin(), logits.end());
    t += n;
  }
  return all;
}

class FusionChoices : public testing::Test {
 protected:
  void SetUp() override {
    const auto devices = vulkan::list_devices();
    if (!devices.ok()) GTEST_SKIP() << devices.message();
    set_environment("TRITIUM_VULKAN_FUSION", std::nullopt);
  }

  // `cache`: a folder of that name.
  std::unique_ptr<Backend> open(vulkan::VulkanOptions options = {}, const std::string& cache = "cache") {
    options.pipeline_cache_dir = folder_.path() / cache;
    auto made = vulkan::make_vulkan_backend(options);
    EXPECT_TRUE(made.ok()) << made.message();
    return *std::move(made);
  }
  std::unique_ptr<Backend> open_with(const std::string& fusions) {
    set_environment("TRITIUM_VULKAN_FUSION", fusions);
    std::unique_ptr<Backend> made = open();
    set_environment("TRITIUM_VULKAN_FUSION", std::nullopt);
    return made;
  }

 private:
  TemporaryFolder folder_;
};

std::string all_but(std::string_view left_out) {
  std::string names;
  for (const std::string_view name : fusion_names())
    if (name != left_out) names += (names.empty() ? "" : ",") + std::string(name);
  return names;
}

TEST_F(FusionChoices, TokensAreTheSameWithoutAnyOneOfThem) {
  for (const RandomModelOptions& model : kModels) {
    const std::vector<float> expected = logits_of(model, *open_with("1"));
    EXPECT_EQ(logits_of(model, *open_with("0")), expected) << model.architecture;
    for (const std::string_view name : fusion_names())
      EXPECT_EQ(logits_of(model, *open_with(all_but(name))), expected) << model.architecture << " without " << name;
  }
}

TEST_F(FusionChoices, AreMeasuredOnceAndThenKept) {
  for (const RandomModelOptions& model : kModels) {
    const std::vector<float> expected = logits_of(model, *open_with("1"));
    std::vector<FusionChoice> measured, kept;
    {
      const auto backend = open({.fusion_seconds = 100}, model.architecture);
      EXPECT_EQ(logits_of(model, *backend), expected) << model.architecture;
      measured = vulkan::fusion_choices(*backend);
    }
    {
      const auto backend = open({.fusion_seconds = 100}, model.architecture);
      EXPECT_EQ(logits_of(model, *backend), expected) << model.architecture;
      kept = vulkan::fusion_choices(*backend);
    }
    ASSERT_GE(measured.size(), 4u) << model.architecture;
    ASSERT_EQ(kept.size(), measured.size()) << model.architecture;
    for (size_t i = 0; i < measured.size(); ++i) {
      EXPECT_EQ(measured[i].reason, "measured") << measured[i].shape;
      EXPECT_GT(measured[i].fused_seconds, 0) << measured[i].shape;
      EXPECT_GT(measured[i].simple_seconds, 0) << measured[i].shape;
      const auto same = std::ranges::find(kept, measured[i].shape, &FusionChoice::shape);
      ASSERT_NE(same, kept.end()) << measured[i].shape;
      EXPECT_EQ(same->reason, "kept");
      EXPECT_EQ(same->fused, measured[i].fused);
      EXPECT_EQ(same->fused_seconds, measured[i].fused_seconds);
    }
  }
}

TEST_F(FusionChoices, WithoutTimeToMeasureAllAreFused) {
  const auto backend = open({.fusion_seconds = 0});
  logits_of(kModels.front(), *backend);
  const std::vector<FusionChoice> choices = vulkan::fusion_choices(*backend);
  ASSERT_FALSE(choices.empty());
  for (const FusionChoice& choice : choices) {
    EXPECT_EQ(choice.reason, "not measured") << choice.shape;
    EXPECT_TRUE(choice.fused) << choice.shape;
  }
}

TEST_F(FusionChoices, ANameThatIsNoneIsAnError) {
  set_environment("TRITIUM_VULKAN_FUSION", "norm_qk");
  const auto made = vulkan::make_vulkan_backend({});
  set_environment("TRITIUM_VULKAN_FUSION", std::nullopt);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().code(), StatusCode::invalid_argument);
  EXPECT_NE(made.message().find("norm_qkv"), std::string::npos) << made.message();
}

}  // namespace
}  // namespace tritium
