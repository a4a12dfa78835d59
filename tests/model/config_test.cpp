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

TEST(ReadConfig, HeadsAndWidthsMayDifferBetweenLayers) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.attention.head_count", std::vector<int64_t>{4, 6, 8});
  map.mutable_metadata().set("llama.attention.head_count_kv", std::vector<int64_t>{4, 3, 1});
  map.mutable_metadata().set("llama.feed_forward_length", std::vector<int64_t>{10, 20, 30});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  EXPECT_EQ(config->layers[0].n_heads, 4);
  EXPECT_EQ(config->layers[1].n_heads, 6);
  EXPECT_EQ(config->layers[1].n_kv_heads, 3);
  EXPECT_EQ(config->layers[2].q_dim(), 8 * 16);
  EXPECT_EQ(config->layers[2].v_dim(), 16);
  EXPECT_EQ(config->layers[0].ffn_dim, 10);
  EXPECT_EQ(config->layers[2].ffn_dim, 30);
}

TEST(ReadConfig, WithoutAKeyLengthALayersHeadsShareTheStream) {
  const MemoryTensorMap llama = model_of("llama");
  MemoryTensorMap map = llama;
  Metadata without;
  for (const auto& [key, value] : llama.metadata().values())
    if (!key.ends_with("_length") || !key.starts_with("llama.attention.")) without.set(key, value);
  map.mutable_metadata() = without;
  map.mutable_metadata().set("llama.rope.dimension_count", int64_t{8});
  map.mutable_metadata().set("llama.attention.head_count", std::vector<int64_t>{2, 4, 6});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  EXPECT_EQ(config->layers[0].key_dim, 24);
  EXPECT_EQ(config->layers[2].key_dim, 8);
  EXPECT_EQ(config->layers[2].value_dim, 8);
}

TEST(ReadConfig, ValuesOfLayersThatAreWrongAreNamed) {
  const auto expect = [](const std::string& key, MetadataValue value, const std::string& problem) {
    MemoryTensorMap map = model_of("llama");
    map.mutable_metadata().set("llama." + key, std::move(value));
    expect_refused(map, StatusCode::corrupt_file, "key llama." + key + " " + problem);
  };
  using Integers = std::vector<int64_t>;
  expect("attention.head_count", Integers{4, 4}, "has 2 values, must have one for each of the 3 layers");
  expect("attention.head_count", Integers{}, "has 0 values, must have one for each of the 3 layers");
  expect("attention.head_count", Integers{4, 0, 4}, "is 0 for layer 1, must be 1 to 4096");
  expect("attention.head_count", int64_t{0}, "is 0, must be 1 to 4096");
  expect("attention.head_count", std::vector<double>{4, 4, 4},
         "must be an integer, or an array of one for each of the 3 layers");
  expect("attention.head_count", std::string("4"), "must be an integer, or an array of one for each of the 3 layers");
  expect("attention.head_count_kv", Integers{2, 2, 3}, "must divide the 4 query heads, is 3");
  expect("attention.head_count_kv", Integers{2, 0, 2}, "is 0 for layer 1, must be 1 to 4096");
  expect("attention.key_length", Integers{16, 16, -1}, "is -1 for layer 2, must be 1 to");
  expect("feed_forward_length", Integers{80, 0, 80}, "is 0 for layer 1, must be 1 to");
  expect("feed_forward_length", Integers{80, 80, 80, 80}, "has 4 values, must have one for each of the 3 layers");
}

TEST(ReadConfig, NoMoreIsRotatedThanTheSmallestHeadHas) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.attention.key_length", std::vector<int64_t>{16, 8, 16});
  expect_refused(map, StatusCode::corrupt_file, "llama.rope.dimension_count is 16, must be 0 to 8");
  Metadata without;
  for (const auto& [key, value] : map.metadata().values())
    if (!key.ends_with("dimension_count")) without.set(key, value);
  map.mutable_metadata() = without;
  expect_refused(map, StatusCode::corrupt_file, "rope.dimension_count is missing, and heads have 8 to 16 values");
}

TEST(ReadConfig, SharedKeysAndValuesAreRefused) {
  MemoryTensorMap map = random_model({.architecture = "maple", .n_layers = 8, .n_experts = 4});
  map.mutable_metadata().set("maple.attention.shared_kv_layers", int64_t{0});
  EXPECT_TRUE(read_config(map).ok());
  // Layers 3 and 7 see everything: 7 reads what 3 has made.
  map.mutable_metadata().set("maple.attention.shared_kv_layers", int64_t{1});
  expect_refused(map, StatusCode::unsupported,
                 "maple.attention.shared_kv_layers: layer 7 reads the keys and values of layer 3, which is not");
  map.mutable_metadata().set("maple.attention.shared_kv_layers", int64_t{2});
  expect_refused(map, StatusCode::unsupported, "layer 6 reads the keys and values of layer 5");
  map.mutable_metadata().set("maple.attention.shared_kv_layers", int64_t{5});
  expect_refused(map, StatusCode::corrupt_file, "shared_kv_layers leaves no layer whose keys layer 3 could read");
  map.mutable_metadata().set("maple.attention.shared_kv_layers", int64_t{8});
  expect_refused(map, StatusCode::corrupt_file, "shared_kv_layers is 8, must be 0 to 7");
}

TEST(ReadConfig, PerLayerEmbeddingsAreRefused) {
  MemoryTensorMap map = model_of("llama");
  map.mutable_metadata().set("llama.embedding_length_per_layer_input", int64_t{0});
  EXPECT_TRUE(read_config(map).ok());
  map.mutable_metadata().set("llama.embedding_length_per_layer_input", std::vector<int64_t>{0, 256, 256});
  expect_refused(map, StatusCode::unsupported,
                 "llama.embedding_length_per_layer_input: layer 1 has a per-layer embedding of 256 values");
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
    const Status status = CheckedModel::check(map).status();
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
  }
  for (const char* name : {"llama", "qwen3moe", "olmoe", "maple"}) {
    const MemoryTensorMap map = model_of(name, 4);
    const Status status = CheckedModel::check(map).status();
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
  }
}

TEST(CheckTensors, ATensorOfAnotherShapeIsNamedWithBothShapes) {
  MemoryTensorMap map = model_of("llama");
  map.add("blk.1.ffn_norm.weight", {47}, std::vector<float>(47, 1.0f));
  const Status status = CheckedModel::check(map).status();
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_NE(status.message().find("blk.1.ffn_norm.weight has shape [47], the metadata asks for [48]"),
            std::string::npos)
      << status.message();
}

TEST(CheckTensors, ATensorThatWouldBeIgnoredIsRefused) {
  MemoryTensorMap map = model_of("llama");
  map.add("blk.0.attn_q.bias", {64}, std::vector<float>(64, 1.0f));
  const Status status = CheckedModel::check(map).status();
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_NE(status.message().find("blk.0.attn_q.bias"), std::string::npos) << status.message();
}

TEST(CheckTensors, AMissingTensorIsNamed) {
  const MemoryTensorMap llama = model_of("llama");
  MemoryTensorMap map("incomplete");
  for (const auto& [key, value] : llama.metadata().values()) map.mutable_metadata().set(key, value);
  map.add("token_embd.weight", {97, 48}, std::vector<float>(97 * 48, 0.0f));
  const Status status = CheckedModel::check(map).status();
  EXPECT_EQ(status.code(), StatusCode::corrupt_file);
  EXPECT_NE(status.message().find("blk.0.attn_norm.weight [48] is missing"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tritium
