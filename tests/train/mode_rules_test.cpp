// Modes by the names of tensors.
#include "train/mode_rules.h"

#include <gtest/gtest.h>

#include "model/checked_model.h"
#include "tests/train/training_model.h"

namespace tritium::training {
namespace {

std::vector<ModeRule> rules_of(const std::vector<std::string>& texts) {
  Result<std::vector<ModeRule>> rules = parse_mode_rules(texts);
  EXPECT_TRUE(rules.ok()) << rules.message();
  return *std::move(rules);
}

std::vector<TensorSpec> specs_of(const char* description) {
  const Result<MemoryTensorMap> map = make_transformer(description, kVocabulary, 3);
  EXPECT_TRUE(map.ok()) << map.message();
  return tensor_specs(*read_config(*map));
}

TEST(ModeRules, AStarIsAnyText) {
  const std::vector<ModeRule> rules = rules_of({"blk.*.ffn_*.weight=int4"});
  for (const char* name : {"blk.0.ffn_up.weight", "blk.12.ffn_down_exps.weight", "blk..ffn_.weight"})
    EXPECT_NE(rule_for(rules, name), nullptr) << name;
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.ffn_up.weight2", "xblk.0.ffn_up.weight", ""})
    EXPECT_EQ(rule_for(rules, name), nullptr) << name;
}

TEST(ModeRules, TheLastThatFitsCounts) {
  const std::vector<ModeRule> rules = rules_of({"*=int8", "blk.1.*=int4", "blk.1.attn_k.weight=full"});
  EXPECT_EQ(rule_for(rules, "blk.0.attn_k.weight")->mode, WeightMode::int8);
  EXPECT_EQ(rule_for(rules, "blk.1.attn_q.weight")->mode, WeightMode::int4);
  EXPECT_EQ(rule_for(rules, "blk.1.attn_k.weight")->mode, WeightMode::full);
}

TEST(ModeRules, WhatIsNoRuleIsNamed) {
  EXPECT_EQ(parse_mode_rules(std::vector<std::string>{"blk.0.attn_k.weight"}).message(),
            "weights: \"blk.0.attn_k.weight\" is no PATTERN=MODE, as blk.9.attn_k.weight=full or blk.*.ffn_down*=int4");
  EXPECT_EQ(parse_mode_rules(std::vector<std::string>{"blk.*=int7"}).message(),
            "weights: \"blk.*=int7\": the mode must be one of full, ternary, int8, int6, int5, int4, frozen, "
            "stochastic, lora, lora_qat");
}

TEST(ModeRules, APatternThatFitsNothingIsAnError) {
  const Status status = check_mode_rules(rules_of({"blk.2.attn_k.weight=full"}), specs_of(kTinyMoe));
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find("no tensor of the model is called \"blk.2.attn_k.weight\""), std::string::npos)
      << status.message();
}

TEST(ModeRules, NormsRoutersAndTheEmbeddingKeepTheirLimits) {
  const std::vector<TensorSpec> specs = specs_of(kTinyMoe);
  for (const auto& [rule, why] : std::vector<std::pair<std::string, std::string>>{
           {"blk.0.attn_norm.weight=int8", "blk.0.attn_norm.weight is a vector, which is never quantised"},
           {"blk.*.ffn_gate_inp.weight=lora", "blk.0.ffn_gate_inp.weight is a router, which has no adapter"},
           {"token_embd.weight=lora", "token_embd.weight is an embedding, which has no adapter"}}) {
    const Status status = check_mode_rules(rules_of({rule}), specs);
    EXPECT_NE(status.message().find(why), std::string::npos) << status.message();
  }
  EXPECT_TRUE(check_mode_rules(rules_of({"*norm*=frozen", "token_embd.weight=int8"}), specs).ok());
  EXPECT_TRUE(check_mode_rules(rules_of({"*=int8", "*norm*=full", "*inp*=full"}), specs).ok()) << "later ones count";
}

TEST(ModeRules, GoOverTheModesOfRoles) {
  Recipe recipe{.attention = WeightMode::int8};
  recipe.rules = rules_of({"blk.1.attn_k.weight=full", "blk.0.ffn_down.weight=int4"});
  TrainingModel m(training_backend("reference"), kTinyDense, recipe);
  EXPECT_EQ(m.parameter("blk.0.attn_k.weight").mode, WeightMode::int8);
  EXPECT_EQ(m.parameter("blk.1.attn_k.weight").mode, WeightMode::full);
  EXPECT_EQ(m.parameter("blk.0.ffn_down.weight").mode, WeightMode::int4);
  EXPECT_EQ(m.parameter("blk.1.ffn_down.weight").mode, WeightMode::ternary);
}

}  // namespace
}  // namespace tritium::training
