// Scalings of rotary embedding as files ask for them, and the rotation of layers.
#include <gtest/gtest.h>

#include <cmath>

#include "model/config.h"
#include "model/rope_table.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

using Keys = std::vector<std::pair<std::string, MetadataValue>>;

Result<Config> config_with(const Keys& keys, const RandomModelOptions& o = {.architecture = "qwen3"}) {
  MemoryTensorMap map = random_model(o);
  for (const auto& [key, value] : keys) map.mutable_metadata().set(o.architecture + "." + key, value);
  return read_config(map);
}

// Frequencies, from the angles of position 1; and what cos and sin are multiplied by.
std::vector<double> frequencies(const Config& config, double& magnitude) {
  const std::vector<float> table = rope_table(config, {}, 1, 1);
  std::vector<double> angles;
  for (size_t i = 0; i < table.size(); i += 2) {
    magnitude = std::hypot(table[i], table[i + 1]);
    angles.push_back(std::atan2(table[i + 1], table[i]));
  }
  return angles;
}

void expect_frequencies(const Keys& keys, const std::vector<double>& expected, double expected_magnitude) {
  const Result<Config> config = config_with(keys);
  ASSERT_TRUE(config.ok()) << config.message();
  double magnitude = 0;
  const std::vector<double> found = frequencies(*config, magnitude);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i] / expected[i], 1.0, 1e-5) << i;
  EXPECT_NEAR(magnitude, expected_magnitude, 1e-6);
}

const Keys kYarn = {{"rope.scaling.type", std::string("yarn")},
                    {"rope.scaling.factor", 4.0},
                    {"rope.scaling.original_context_length", int64_t{4096}}};

Keys yarn_with(const Keys& more) {
  Keys keys = kYarn;
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

// Expected values: the formula of Hugging Face's transformers, evaluated apart.
TEST(RopeScaling, YarnDividesLongWavesAndKeepsShortOnes) {
  expect_frequencies(kYarn,
                     {1, 0.316227766017, 0.1, 0.0256935059889, 0.00625, 0.00138349647632, 0.00025, 7.90569415042e-05},
                     1.1386294361119891);
}

TEST(RopeScaling, YarnTakesItsBoundsAndItsMagnitudeFromTheFile) {
  expect_frequencies(yarn_with({{"rope.scaling.yarn_beta_fast", 8.0}, {"rope.scaling.yarn_beta_slow", 2.0}}),
                     {1, 0.316227766017, 0.1, 0.0316227766017, 0.0075, 0.00158113883008, 0.00025, 7.90569415042e-05},
                     1.1386294361119891);
  for (const char* key : {"rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"}) {
    const Result<Config> config = config_with(yarn_with({{key, 0.5}}));
    ASSERT_TRUE(config.ok()) << config.message();
    EXPECT_NEAR(config->yarn.magnitude, 0.5 * 1.1386294361119891, 1e-12);
  }
}

TEST(RopeScaling, YarnWithoutItsMixingIsRefused) {
  EXPECT_TRUE(config_with(yarn_with({{"rope.scaling.yarn_ext_factor", -1.0}})).ok());
  EXPECT_TRUE(config_with(yarn_with({{"rope.scaling.yarn_ext_factor", 1.0}})).ok());
  const auto without = config_with(yarn_with({{"rope.scaling.yarn_ext_factor", 0.0}}));
  ASSERT_FALSE(without.ok());
  EXPECT_NE(without.message().find("yarn_ext_factor is 0, which is not implemented for yarn"), std::string::npos)
      << without.message();
}

TEST(RopeScaling, ATypeOfNoneSwitchesTheFactorOff) {
  const auto config = config_with({{"rope.scaling.type", std::string("none")}, {"rope.scaling.factor", 4.0}});
  ASSERT_TRUE(config.ok()) << config.message();
  EXPECT_EQ(config->rope_scale, 1.0);
  EXPECT_EQ(config->yarn.factor, 1.0);
}

TEST(RopeScaling, GlobalLayersOfMapleRotateWhereTheFileSaysSo) {
  const RandomModelOptions maple = {.architecture = "maple", .n_layers = 4, .n_experts = 4};
  const auto without = config_with({}, maple), with = config_with({{"rope.global_layers", true}}, maple);
  ASSERT_TRUE(without.ok() && with.ok()) << with.message();
  EXPECT_FALSE(without->layers[3].rope);
  EXPECT_TRUE(with->layers[3].rope);
  EXPECT_TRUE(without->layers[0].rope);
}

TEST(RopeScaling, WhatIsNotImplementedSaysWhatItIs) {
  MemoryTensorMap map = random_model({.architecture = "qwen3"});
  map.mutable_metadata().set("prism.hadamard.size", int64_t{128});
  EXPECT_NE(read_config(map).message().find("a Hadamard rotation of both"), std::string::npos);
  map.mutable_metadata().set("general.architecture", std::string("qwen35"));
  EXPECT_NE(read_config(map).message().find("gated delta net"), std::string::npos) << read_config(map).message();
}

}  // namespace
}  // namespace tritium
