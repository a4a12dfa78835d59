// Model files whose parts do not belong together: refused with words, by all who open them.
#include <gtest/gtest.h>

#include "tests/train/byte_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

void expect_said(const Status& status, const std::string& part) {
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(StrangeModel, MoreTokensThanTheModelEmbedsAreRefusedBeforeTraining) {
  const TemporaryFolder folder;
  const std::string path = write_model(byte_model({.vocab_size = kBytes - 4, .ternary = false}), folder);
  expect_said(train(finetuning(path)).status(), "model.gguf: the tokenizer has 259 tokens, the model 255");
}

TEST(StrangeModel, MoreTokensThanTheModelEmbedsLeaveARunWithoutText) {
  const TemporaryFolder folder;
  const std::string path = write_model(byte_model({.vocab_size = kBytes - 4, .ternary = false}), folder);
  const Result<Model> model = Runtime::create({.backend = "cpu"})->load(path);
  ASSERT_TRUE(model.ok()) << model.message();
  expect_said(model->tokenize("text").status(), "the tokenizer has 259 tokens, the model 255");
}

TEST(StrangeModel, ExpertsOfADenseModelAreRefused) {
  const TemporaryFolder folder;
  MemoryTensorMap map = byte_model({.vocab_size = kBytes, .ternary = false});
  map.add("blk.0.ffn_up_exps.weight", {2, 4, 8}, std::vector<float>(64, 1.0f));
  const std::string path = write_model(map, folder);
  const std::string part = "tensor blk.0.ffn_up_exps.weight [2,4,8] is not part of a llama model";
  expect_said(Runtime::create({.backend = "cpu"})->load(path).status(), part);
  expect_said(inspect_model(path).status(), part);
  expect_said(plan_training(finetuning(path)).status(), part);
  TrainOptions options = finetuning(write_model(byte_model({.vocab_size = kBytes}), TemporaryFolder()));
}

TEST(StrangeModel, AMixtureThatDoesNotSayHowWideItsExpertsAreIsRefused) {
  const TemporaryFolder folder;
  MemoryTensorMap map =
      byte_model({.architecture = "qwen3moe", .vocab_size = kBytes, .n_experts = 4, .ternary = false});
  Metadata without;
  for (const auto& [key, value] : map.metadata().values())
    if (!key.ends_with("feed_forward_length")) without.set(key, value);
  map.mutable_metadata() = without;
  const std::string path = write_model(map, folder);
  for (const WeightMode mode : {WeightMode::ternary, WeightMode::lora}) {
    TrainOptions options = finetuning(path);
    options.attention = options.feed_forward = mode;
    expect_said(plan_training(options).status(), "key qwen3moe.expert_feed_forward_length is missing");
  }
}

TEST(StrangeModel, ATeacherWhoseTensorsAreOfAnotherShapeIsRefusedBeforeAnythingIsPlanned) {
  const TemporaryFolder folder;
  MemoryTensorMap map = byte_model({.vocab_size = kBytes, .ternary = false});
  const TemporaryFolder other;
  const std::string model = write_model(map, other);
  map.add("blk.0.ffn_up.weight", {2, 4}, std::vector<float>(8, 1.0f));
  TrainOptions options = finetuning(model);
  options.teacher = write_model(map, folder);
  expect_said(plan_training(options).status(), "blk.0.ffn_up.weight has shape [2,4], the metadata asks for");
}

}  // namespace
}  // namespace tritium
