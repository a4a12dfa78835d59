// A model whose layers differ in heads and widths, from its file through fine-tuning to a file that runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/train/byte_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

MemoryTensorMap uneven_model() {
  return byte_model({.architecture = "qwen3moe",
                     .vocab_size = kBytes,
                     .rope_dims = 8,
                     .n_experts = 4,
                     .ternary = false,
                     .per_layer = {{"attention.head_count", {4, 6, 2}},
                                   {"attention.head_count_kv", {4, 2, 1}},
                                   {"attention.key_length", {16, 8, 24}},
                                   {"attention.value_length", {16, 16, 8}},
                                   {"expert_feed_forward_length", {40, 64, 24}}}});
}

TEST(UnevenModel, IsInspectedByItsLargestLayers) {
  const TemporaryFolder folder;
  const Result<ModelInfo> info = inspect_model(write_model(uneven_model(), folder));
  ASSERT_TRUE(info.ok()) << info.message();
  EXPECT_EQ(info->n_heads, 6);
  EXPECT_EQ(info->n_kv_heads, 4);
  EXPECT_EQ(info->head_dim, 24);
  // kv_heads * (key_length + value_length) of each layer, and the rotation of 8 values, as f16 and floats.
  EXPECT_EQ(info->memory.front().kv_bytes_per_token, 2u * (4 * 32 + 2 * 24 + 1 * 32) + 4u * 8);
}

class UnevenModelIs : public testing::TestWithParam<WeightMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, UnevenModelIs,
                         testing::Values(WeightMode::ternary, WeightMode::full, WeightMode::lora));

TEST_P(UnevenModelIs, FinetunedToAFileThatRuns) {
  const TemporaryFolder folder;
  TrainOptions options = finetuning(write_model(uneven_model(), folder));
  options.steps = 2;
  options.attention = options.feed_forward = GetParam();
  options.output = folder.file("tuned.gguf");
  const Result<TrainReport> report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  const Result<Runtime> runtime = Runtime::create({.backend = "cpu"});
  ASSERT_TRUE(runtime.ok()) << runtime.message();
  const Result<Model> model = runtime->load(report->output);
  ASSERT_TRUE(model.ok()) << model.message();
  Result<Session> session = model->create_session();
  ASSERT_TRUE(session.ok()) << session.message();
  const std::vector<int32_t> tokens = {1, 40, 7};
  const Result<std::vector<float>> logits = session->evaluate_all(tokens);
  ASSERT_TRUE(logits.ok()) << logits.message();
  EXPECT_TRUE(std::ranges::all_of(*logits, [](float v) { return std::isfinite(v); }));
}

}  // namespace
}  // namespace tritium
