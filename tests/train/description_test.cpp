// A transformer described in JSON is a model file of its architecture, as other programs expect it.
#include "train/description.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "model/config.h"

namespace tritium::training {
namespace {

constexpr const char* kMaple =
    R"({"architecture": "maple", "dim": 32, "layers": 5, "heads": 2, "ffn": 16, "experts": 4, "window": 8})";

TEST(MakeTransformer, ABitnetsHeadIsItsEmbeddingUnlessTheDescriptionSaysOtherwise) {
  EXPECT_FALSE(make_transformer(R"({"architecture": "bitnet"})", 50, 0)->find("output.weight"));
  EXPECT_TRUE(make_transformer(R"({"architecture": "bitnet", "tied_head": false})", 50, 0)->find("output.weight"));
  EXPECT_TRUE(make_transformer(R"({"architecture": "llama"})", 50, 0)->find("output.weight"));
  EXPECT_FALSE(make_transformer(R"({"architecture": "llama", "tied_head": true})", 50, 0)->find("output.weight"));
}

TEST(MakeTransformer, AMapleSaysWhichLayersLookThroughTheWindowAndWhereItClamps) {
  const Result<MemoryTensorMap> map = make_transformer(kMaple, 50, 0);
  ASSERT_TRUE(map.ok()) << map.message();
  const Metadata& m = map->metadata();
  ASSERT_TRUE(m.booleans("maple.attention.sliding_window_pattern"));
  EXPECT_EQ(*m.booleans("maple.attention.sliding_window_pattern"), (std::vector<bool>{true, true, true, false, true}));
  ASSERT_TRUE(m.reals("maple.swiglu_clamp_exp"));
  EXPECT_EQ(*m.reals("maple.swiglu_clamp_exp"), std::vector<double>(5, 7.0));
}

TEST(MakeTransformer, AllOfAHeadIsRotatedUnlessTheDescriptionSaysHowMuch) {
  const auto rotated = [](const char* description) {
    return make_transformer(description, 50, 0)->metadata().integer("llama.rope.dimension_count");
  };
  EXPECT_EQ(rotated(R"({"architecture": "llama", "head_dim": 32})"), 32);
  EXPECT_EQ(rotated(R"({"architecture": "llama", "head_dim": 32, "rope_dims": 8})"), 8);
}

TEST(MakeTransformer, WeightsOfATokensExpertsAreDividedAsTheDescriptionOrTheArchitectureSays) {
  const auto divided = [](const std::string& description) {
    const Result<MemoryTensorMap> map = make_transformer(description, 50, 0);
    return map.ok() ? read_config(*map)->renormalize_experts : throw std::runtime_error(map.message());
  };
  const std::string qwen = R"({"architecture": "qwen3moe", "experts": 4, "top_k": 1)",
                    olmoe = R"({"architecture": "olmoe", "experts": 4)",
                    lab = R"({"architecture": "tritium-lab", "experts": 4)";
  EXPECT_TRUE(divided(qwen + "}")) << "as other programs run it";
  EXPECT_FALSE(divided(qwen + R"(, "norm_topk_prob": false})"));
  EXPECT_FALSE(divided(olmoe + "}"));
  EXPECT_TRUE(divided(olmoe + R"(, "norm_topk_prob": true})"));
  EXPECT_TRUE(divided(lab + "}"));
  EXPECT_FALSE(divided(lab + R"(, "top_k": 1})"));
}

TEST(MakeTransformer, TheSameSeedGivesTheSameWeightsAndExpertsDiffer) {
  const auto a = make_transformer(kMaple, 50, 3)->load_f32("blk.0.ffn_up_exps.weight");
  EXPECT_EQ(*a, *make_transformer(kMaple, 50, 3)->load_f32("blk.0.ffn_up_exps.weight"));
  EXPECT_NE(*a, *make_transformer(kMaple, 50, 4)->load_f32("blk.0.ffn_up_exps.weight"));
  const auto expert = static_cast<std::ptrdiff_t>(a->size() / 4);
  EXPECT_FALSE(std::equal(a->begin(), a->begin() + expert, a->begin() + expert));
}

TEST(MakeTransformer, WhatNoMemoryHoldsIsRefusedWithNumbers) {
  for (const char* huge : {R"({"dim": 100000000, "layers": 1000})", R"({"dim": 9000000000000000000})",
                           R"({"dim": 16384, "heads": 16, "experts": 100000, "layers": 4000})"}) {
    const Result<MemoryTensorMap> map = make_transformer(huge, 50'000, 0);
    ASSERT_FALSE(map.ok()) << huge;
    EXPECT_TRUE(map.code() == StatusCode::out_of_memory || map.code() == StatusCode::corrupt_file) << map.message();
  }
  const Result<MemoryTensorMap> map = make_transformer(R"({"dim": 65536, "heads": 64, "layers": 4000})", 1000, 0);
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.message().find("weights"), std::string::npos) << map.message();
}

// As a test can tell: the vocabulary's rows of this width would fill any memory before they are refused.
TEST(MakeTransformer, AnImpossibleWidthIsRefusedBeforeAnythingOfItIsMade) {
  const Result<MemoryTensorMap> map = make_transformer(R"({"dim": 4611686018427387904, "layers": 1})", 50'000, 0);
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.message().find("embedding_length is 4611686018427387904, must be 1 to 1048576"), std::string::npos)
      << map.message();
}

TEST(MakeTransformer, AVeryDeepDescriptionIsRefused) {
  constexpr size_t kDeep = 200'000;
  for (const auto& [open, close] : {std::pair{"[", "]"}, {"{\"x\":", "}"}}) {
    std::string text = "{\"dim\": ";
    for (size_t i = 0; i < kDeep; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < kDeep; ++i) text += close;
    const Result<MemoryTensorMap> map = make_transformer(text + "}", 50, 0);
    ASSERT_FALSE(map.ok());
    EXPECT_EQ(map.message(), "the description of the transformer: nested deeper than 32 levels");
  }
}

TEST(MakeTransformer, AKeyThatItDoesNotKnowIsNamed) {
  const Result<MemoryTensorMap> map = make_transformer(R"({"dimension": 64})", 50, 0);
  ASSERT_FALSE(map.ok());
  EXPECT_NE(map.message().find("\"dimension\": 64"), std::string::npos) << map.message();
}

}  // namespace
}  // namespace tritium::training
