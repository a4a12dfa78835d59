#include "model/metadata_keys.h"

#include <gtest/gtest.h>

#include <set>

#include "model/config.h"
#include "tests/support/random_model.h"

namespace tritium {
namespace {

// What read_config() says of a llama (or another model) with one more key; "ok", or the message.
std::string outcome(const std::string& key, MetadataValue value,
                    const RandomModelOptions& o = {.architecture = "llama"}) {
  MemoryTensorMap map = random_model(o);
  map.mutable_metadata().set(key, std::move(value));
  const Result<Config> config = read_config(map);
  return config.ok() ? "ok" : config.message();
}

void expect_part(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

double scale_of(const std::vector<std::pair<std::string, MetadataValue>>& keys) {
  MemoryTensorMap map = random_model({.architecture = "llama"});
  for (const auto& [key, value] : keys) map.mutable_metadata().set("llama.rope." + key, value);
  const Result<Config> config = read_config(map);
  EXPECT_TRUE(config.ok()) << config.message();
  return config.ok() ? config->rope_scale : 0;
}

TEST(ModelKeys, EachKeyIsOnTheListOnce) {
  std::set<std::string_view> names;
  for (const KnownKey& row : model_keys()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.use == KeyUse::same, !row.same_as.empty()) << row.name;
  }
  EXPECT_GT(names.size(), 100u);
}

TEST(ModelKeys, APatternDoesNotHideAnotherRow) {
  for (const KnownKey& row : model_keys()) EXPECT_EQ(find_key(model_keys(), row.name), &row) << row.name;
}

TEST(ModelKeys, WhatIsNotImplementedIsRefusedUnlessItsValueSaysOff) {
  const auto name_of = [](std::string_view row) {
    std::string key(row.starts_with("ARCH.") ? "llama" + std::string(row.substr(4)) : std::string(row));
    if (key.ends_with('*')) key.back() = 'x';
    return key;
  };
  for (const KnownKey& row : model_keys()) {
    if (row.use != KeyUse::off) continue;
    const std::string key = name_of(row.name);
    for (const double value : row.off) EXPECT_EQ(outcome(key, value), "ok") << key << " " << value;
    expect_part(outcome(key, 37.5), "key " + key + " is 37.5: it ");
  }
}

TEST(ModelKeys, NotesChangeNothing) {
  for (const KnownKey& row : model_keys()) {
    if (row.use != KeyUse::neutral || row.name.ends_with('*')) continue;
    std::string key(row.name);
    if (key.starts_with("ARCH.")) key = "llama" + key.substr(4);
    EXPECT_EQ(outcome(key, 37.5), "ok") << key;
  }
}

TEST(ModelKeys, AFactorWithoutATypeIsLinear) {
  EXPECT_EQ(scale_of({{"scaling.factor", 4.0}}), 4.0);
  EXPECT_EQ(scale_of({{"scaling.factor", int64_t{4}}}), 4.0);
  EXPECT_EQ(scale_of({{"scaling.type", std::string("linear")}, {"scaling.factor", 4.0}}), 4.0);
  EXPECT_EQ(scale_of({{"scaling.factor", 0.0}}), 1.0);
  EXPECT_EQ(scale_of({{"scaling.type", std::string("none")}, {"scaling.factor", 4.0}}), 1.0);
  EXPECT_EQ(scale_of({{"scaling.type", std::string("linear")}}), 1.0);
}

TEST(ModelKeys, TheOlderNameOfTheFactorCounts) {
  EXPECT_EQ(scale_of({{"scale_linear", 4.0}}), 4.0);
  EXPECT_EQ(scale_of({{"scale_linear", 4.0}, {"scaling.factor", 4.0}}), 4.0);
  MemoryTensorMap map = random_model({.architecture = "llama"});
  map.mutable_metadata().set("llama.rope.scale_linear", 4.0);
  map.mutable_metadata().set("llama.rope.scaling.factor", 2.0);
  expect_part(read_config(map).message(), "llama.rope.scale_linear is 4, but rope.scaling.factor is 2");
}

TEST(ModelKeys, OtherScalingsAreRefusedByTypeAndByValue) {
  expect_part(outcome("llama.rope.scaling.type", std::string("longrope")),
              "is \"longrope\"; supported: none, linear, yarn");
  expect_part(outcome("llama.rope.scaling.type", int64_t{2}), "llama.rope.scaling.type must be text");
  expect_part(outcome("llama.rope.scaling.attn_factor", 0.83), "llama.rope.scaling.attn_factor is 0.83");
  expect_part(outcome("llama.rope.scaling.yarn_ext_factor", 1.0), "yarn_ext_factor is 1");
  EXPECT_EQ(outcome("llama.rope.scaling.yarn_ext_factor", -1.0), "ok");
  EXPECT_EQ(outcome("llama.rope.dimension_sections", std::vector<int64_t>{0, 0, 0, 0}), "ok");
  expect_part(outcome("llama.rope.dimension_sections", std::vector<int64_t>{16, 24, 24, 0}), "is an array of 4");
}

TEST(ModelKeys, AValueOfWindowedLayersMayRepeatTheOthers) {
  EXPECT_EQ(outcome("llama.rope.freq_base_swa", 10000.0), "ok");
  expect_part(outcome("llama.rope.freq_base_swa", 500000.0),
              "freq_base_swa is 500000: it differs from llama.rope.freq");
  EXPECT_EQ(outcome("llama.attention.key_length_swa", int64_t{16}), "ok");
  expect_part(outcome("llama.attention.key_length_swa", int64_t{8}), "it differs from llama.attention.key_length");
  expect_part(outcome("qwen3.embedding_length_out", int64_t{8}, {.architecture = "qwen3"}), "it differs from");
}

TEST(ModelKeys, WindowsAndClampsAreRefusedWhereTheArchitectureHasNone) {
  EXPECT_EQ(outcome("llama.attention.sliding_window", int64_t{0}), "ok");
  EXPECT_EQ(outcome("llama.attention.sliding_window", int64_t{1} << 20), "ok");
  expect_part(outcome("llama.attention.sliding_window", int64_t{4}),
              "attention.sliding_window is 4, below the context");
  expect_part(outcome("llama.attention.sliding_window", std::string("4")), "must be one integer");
  EXPECT_EQ(outcome("llama.swiglu_clamp_exp", std::vector<double>{0, 0, 0}), "ok");
  expect_part(outcome("llama.swiglu_clamp_exp", 7.0), "llama.swiglu_clamp_exp has 7");
}

TEST(ModelKeys, AnUnknownKeyIsRefusedWhereItsNameSaysThatItMatters) {
  for (const char* key : {"llama.rope.scaling.long_factors", "llama.attention.sinks", "llama.expert_bias_rate",
                          "llama.hidden_act", "llama.moe_router"})
    expect_part(outcome(key, 2.0), "key " + std::string(key) + " is not known here (2), and by its name it would");
  EXPECT_EQ(outcome("llama.attention.sinks", false), "ok");
  EXPECT_EQ(outcome("qwen3.attention.sinks", 2.0), "ok");  // another architecture's
  EXPECT_EQ(outcome("llama.colour", 2.0), "ok");
}

TEST(ModelKeys, OtherUnknownKeysOfKnownFamiliesAreNamedInAWarning) {
  MemoryTensorMap map = random_model({.architecture = "llama"});
  Metadata& m = map.mutable_metadata();
  EXPECT_EQ(unknown_keys_warning(m), "");
  m.set("another.program", std::string("a note"));
  EXPECT_EQ(unknown_keys_warning(m), "");
  m.set("llama.colour", 2.0);
  EXPECT_EQ(unknown_keys_warning(m), "key llama.colour is not known here and is ignored");
  m.set("general.colour", 2.0);
  EXPECT_EQ(unknown_keys_warning(m), "keys general.colour, llama.colour are not known here and are ignored");
  for (int i = 0; i < 10; ++i) m.set("llama.x" + std::to_string(i), 1.0);
  expect_part(unknown_keys_warning(m), " and 4 more are not known");
}

TEST(ModelKeys, AFileThatIsNoModelIsRefusedWithTheWayOut) {
  EXPECT_EQ(outcome("general.type", std::string("model")), "ok");
  expect_part(outcome("general.type", std::string("mmproj")), "this is a file of type \"mmproj\"");
  expect_part(outcome("general.type", std::string("adapter")), "--lora");
  expect_part(outcome("general.quantization_version", int64_t{1}), "general.quantization_version is 1: it means other");
}

TEST(ModelKeys, ValuesAreConvertedWhereNothingIsLost) {
  EXPECT_EQ(outcome("llama.block_count", 3.0), "ok");
  EXPECT_EQ(outcome("llama.context_length", uint64_t{64}), "ok");
  EXPECT_EQ(outcome("llama.rope.freq_base", int64_t{10000}), "ok");
  const RandomModelOptions experts = {.architecture = "qwen3moe", .n_experts = 4};
  EXPECT_EQ(outcome("qwen3moe.expert_weights_norm", int64_t{1}, experts), "ok");
  expect_part(outcome("qwen3moe.expert_weights_norm", int64_t{2}, experts), "must be true or false");
  expect_part(outcome("llama.block_count", 3.5), "llama.block_count must be one integer");
  expect_part(outcome("llama.block_count", std::string("3")), "llama.block_count must be one integer");
  expect_part(outcome("llama.rope.freq_base", std::string("1e4")), "llama.rope.freq_base must be a number");
  expect_part(outcome("qwen3moe.expert_gating_func", std::string("sigmoid"), experts), "is \"sigmoid\": it names");
  expect_part(outcome("llama.attention.causal", int64_t{0}), "asks for attention in both directions");
  EXPECT_EQ(outcome("llama.attention.causal", int64_t{1}), "ok");
}

TEST(ModelKeys, RowsInAnotherOrderAreRefused) {
  EXPECT_EQ(outcome("llama.tensor_data_layout", std::string("Meta AI original pth")), "ok");
  expect_part(outcome("llama.tensor_data_layout", std::string("jploski")), "is \"jploski\", which is not known");
}

TEST(ModelKeys, OnlyRotatedLayersLimitTheRotation) {
  // Layer 3 sees everything and is not rotated: its narrow heads do not count.
  MemoryTensorMap map = random_model({.architecture = "maple", .n_layers = 4, .n_experts = 4});
  Metadata& m = map.mutable_metadata();
  m.set("maple.attention.key_length", std::vector<int64_t>{16, 16, 16, 8});
  m.set("maple.rope.dimension_count", int64_t{16});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  EXPECT_EQ(config->rope_dims, 16);
  m.set("maple.attention.key_length", std::vector<int64_t>{16, 16, 8, 16});
  expect_part(read_config(map).message(), "maple.rope.dimension_count is 16, must be 0 to 8");
}

}  // namespace
}  // namespace tritium
