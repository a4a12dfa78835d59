#include "model/config.h"

#include <gtest/gtest.h>

#include "model/weights.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

using testing::Test;

MemoryTensorMap model_of(const std::string& architecture, int64_t n_experts = 0) {
  return random_model({.architecture = architecture, .n_experts = n_experts});
}

void expect_refused(const MemoryTensorMap& map, StatusCode code, const std::string& part) {
  const Result<Config> config = read_config(map);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.code(), code) << config.message();
  EXPECT_NE(config.message().find(part), std::string::npos) << config.message();
}

TEST(ReadConfig, AnUnknownArchitectureIsRefusedWithTheListOfKnownOnes) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("general.architecture", std::string("gemma4"));
  expect_refused(map, StatusCode::unsupported, "\"gemma4\" is not supported; supported: bitnet");
}

TEST(ReadConfig, AMissingKeyIsNamed) {
  MemoryTensorMap map("no keys");
  map.mutable_metadata().set("general.architecture", std::string("llama"));
  expect_refused(map, StatusCode::corrupt_file, "llama.embedding_length is missing");
}

TEST(ReadConfig, AnImpossibleCountIsNamedWithItsRange) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.block_count", int64_t{-3});
  expect_refused(map, StatusCode::corrupt_file, "llama.block_count is -3, must be 1 to");
}

TEST(ReadConfig, WhatIsTakenForAMissingKeyMustBePossibleToo) {
  MemoryTensorMap map = model_of("qwen3moe", 4);
  Metadata only_experts;
  for (const auto& [key, value] : map.metadata().values())
    if (!key.ends_with("feed_forward_length")) only_experts.set(key, value);
  map.mutable_metadata() = only_experts;
  expect_refused(map, StatusCode::corrupt_file,
                 "qwen3moe.expert_feed_forward_length is missing, and what is taken instead is 0, must be 1 to");
}

TEST(ReadConfig, HeadsThatDoNotDivideAreRefused) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.attention.head_count_kv", int64_t{3});
  expect_refused(map, StatusCode::corrupt_file, "must divide the 4 query heads, is 3");
}

TEST(ReadConfig, AnAnnouncedHadamardTransformIsRefused) {
  MemoryTensorMap map = model_of("qwen3");
  map.mutable_metadata().set("prism.hadamard.block_size", int64_t{128});
  expect_refused(map, StatusCode::unsupported, "prism.hadamard.block_size announces a transform");
}

TEST(ReadConfig, ATransformKeyThatSaysNoIsHarmless) {
  MemoryTensorMap map = model_of("qwen3");
  map.mutable_metadata().set("prism.hadamard.enabled", false);
  EXPECT_TRUE(read_config(map).ok());
}

TEST(ReadConfig, KeysThatChangeTheComputationAreRefusedUnlessNeutral) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.logit_scale", 1.0);
  map.mutable_metadata().set("llama.final_logit_softcapping", 0.0);
  EXPECT_TRUE(read_config(map).ok());
  map.mutable_metadata().set("llama.final_logit_softcapping", 30.0);
  expect_refused(map, StatusCode::unsupported, "final_logit_softcapping");
}

TEST(ReadConfig, ASigmoidRouterIsRefused) {
  MemoryTensorMap map = model_of("qwen3moe", 4);
  map.mutable_metadata().set("qwen3moe.expert_gating_func", int64_t{2});
  expect_refused(map, StatusCode::unsupported, "expert_gating_func is 2");
}

TEST(ReadConfig, MapleWithoutAPatternHasEveryFourthLayerGlobalAndWithoutRope) {
  MemoryTensorMap map = random_model({.architecture = "maple", .n_layers = 8, .n_experts = 4});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  for (size_t i = 0; i < 8; ++i) {
    const bool global = i == 3 || i == 7;
    EXPECT_EQ(config->layers[i].window, global ? 0 : 5);
    EXPECT_EQ(config->layers[i].rope, !global);
    EXPECT_EQ(config->layers[i].swiglu_clamp, 7.0f);
  }
}

TEST(ReadConfig, MapleReadsThePatternOfTheFile) {
  MemoryTensorMap map = model_of("maple", 4);
  map.mutable_metadata().set("maple.attention.sliding_window_pattern", std::vector<int64_t>{0, 1, 0});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  EXPECT_EQ(config->layers[0].window, 0);
  EXPECT_EQ(config->layers[1].window, 5);
  map.mutable_metadata().set("maple.attention.sliding_window_pattern", std::vector<bool>{true, true, false});
  EXPECT_EQ(read_config(map)->layers[0].window, 5);
  EXPECT_EQ(read_config(map)->layers[2].window, 0);
  map.mutable_metadata().set("maple.attention.sliding_window_pattern", std::vector<int64_t>{0, 1});
  expect_refused(map, StatusCode::corrupt_file, "one value for each of the 3 layers");
}

TEST(ReadConfig, BitnetActivationsFollowTheNameUnlessTheFileSays) {
  EXPECT_EQ(read_config(model_of("bitnet"))->activation, GateActivation::silu);
  EXPECT_EQ(read_config(model_of("bitnet-b1.58"))->activation, GateActivation::relu2);
  MemoryTensorMap map = model_of("bitnet-b1.58");
  map.mutable_metadata().set("bitnet-b1.58.hidden_activation", std::string("silu"));
  EXPECT_EQ(read_config(map)->activation, GateActivation::silu);
}

TEST(ReadConfig, OlmoeDoesNotRenormaliseAndQwen3moeDoes) {
  EXPECT_FALSE(read_config(model_of("olmoe", 4))->renormalize_experts);
  EXPECT_TRUE(read_config(model_of("qwen3moe", 4))->renormalize_experts);
}

TEST(CheckTensors, EveryArchitectureFindsItsOwnTensors) {
  for (const char* name : {"bitnet", "bitnet-b1.58", "bitnet-25", "llama", "qwen3"}) {
    const MemoryTensorMap map = model_of(name);
    const Status status = check_tensors(map, *read_config(map));
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
  }
  for (const char* name : {"llama", "qwen3moe", "olmoe", "maple"}) {
    const MemoryTensorMap map = model_of(name, 4);
    const Status status = check_tensors(map, *read_config(map));
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
  }
}

TEST(CheckTensors, ATensorOfAnotherShapeIsNamedWithBothShapes) {
  MemoryTensorMap map = model_of("llama");
  map.add("blk.1.ffn_norm.weight", {47}, std::vector<float>(47, 1.0f));
  const Status status = check_tensors(map, *read_config(map));
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_NE(status.message().find("blk.1.ffn_norm.weight has shape [47], the metadata asks for [48]"),
            std::string::npos)
      << status.message();
}

TEST(CheckTensors, ATensorThatWouldBeIgnoredIsRefused) {
  MemoryTensorMap map = model_of("llama");
  map.add("blk.0.attn_q.bias", {64}, std::vector<float>(64, 1.0f));
  const Status status = check_tensors(map, *read_config(map));
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_NE(status.message().find("blk.0.attn_q.bias"), std::string::npos) << status.message();
}

TEST(CheckTensors, AMissingTensorIsNamed) {
  const MemoryTensorMap llama = model_of("llama");
  MemoryTensorMap map("incomplete");
  for (const auto& [key, value] : llama.metadata().values()) map.mutable_metadata().set(key, value);
  map.add("token_embd.weight", {97, 48}, std::vector<float>(97 * 48, 0.0f));
  const Status status = check_tensors(map, *read_config(map));
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_NE(status.message().find("blk.0.attn_norm.weight [48] is missing"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tritium
