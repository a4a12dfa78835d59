#include <gtest/gtest.h>

#include <cmath>

#include "tritium/training.hpp"

namespace tritium {
namespace {

TEST(TrainOptionsJson, WhatIsWrittenIsReadBack) {
  TrainOptions o;
  o.model = "a.gguf";
  o.data = {"x.txt", "y"};
  o.steps = 7;
  o.learning_rate = 0.0123;
  o.feed_forward = WeightMode::int5;
  o.scale_sync = ScaleSync::per_block;
  o.shadow = ShadowPrecision::bf16;
  o.int8_activations = false;
  const Result<TrainOptions> back = train_options_from_json(train_options_to_json(o));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(train_options_to_json(*back), train_options_to_json(o));
  EXPECT_EQ(back->feed_forward, WeightMode::int5);
}

TEST(TrainOptionsJson, FieldsThatAreNotNamedKeepTheirDefaults) {
  TrainOptions defaults;
  defaults.batch = 99;
  const Result<TrainOptions> read = train_options_from_json(R"({"steps": 5})", defaults);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->batch, 99);
  EXPECT_EQ(read->steps, 5);
}

TEST(TrainOptionsJson, ATransformerMayBeWrittenOut) {
  const Result<TrainOptions> read = train_options_from_json(R"({"transformer": {"dim": 8}, "data": "one.txt"})");
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(read->transformer, R"({"dim":8})");
  EXPECT_EQ(read->data, std::vector<std::string>{"one.txt"});
}

TEST(TrainOptionsJson, AnIntegerMayBeWrittenWithAnExponent) {
  EXPECT_EQ(train_options_from_json(R"({"steps": 1e3})")->steps, 1000);
  EXPECT_EQ(train_options_from_json(R"({"seed": 4294967295})")->seed, UINT32_MAX);
}

TEST(TrainOptionsJson, WhatIsNestedBeyondReasonIsRefused) {
  constexpr size_t kDeep = 200'000;
  const std::string nested = std::string(kDeep, '[') + std::string(kDeep, ']');
  for (const std::string& text : {R"({"transformer": {"x": )" + nested + "}}", R"({"steps": )" + nested + "}"}) {
    const Result<TrainOptions> read = train_options_from_json(text);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.message(), "the training options: nested deeper than 32 levels");
  }
}

TEST(TrainOptionsJson, ErrorsNameTheOption) {
  for (const auto& [json, part] : {std::pair{R"({"stepz": 5})", "stepz"},
                                   {R"({"step": 5})", "no training option \"step\""},
                                   {R"({"steps": "five"})", "an integer"},
                                   {R"({"steps": 1.5})", "an integer"},
                                   {R"({"threads": 1e12})", "an integer"},
                                   {R"({"seed": -1})", "an integer from 0 to 4294967295"},
                                   {R"({"head": "octal"})", "one of full"},
                                   {R"({"data": [1]})", "data"},
                                   {"[]", "not a JSON object"},
                                   {"{", "not a JSON object"}}) {
    const Result<TrainOptions> read = train_options_from_json(json);
    ASSERT_FALSE(read.ok()) << json;
    EXPECT_NE(read.message().find(part), std::string::npos) << read.message();
  }
}

TEST(QuantCompare, ASmallStudyHasEveryRowAndRealQuantisation) {
  const Result<QuantCompareReport> report =
      quant_compare({.seeds = 2, .smoke = true, .steps = 20, .learning_rate = 3e-3, .threads = 2});
  ASSERT_TRUE(report.ok()) << report.message();
  ASSERT_EQ(report->equal_steps.size(), 3u);
  ASSERT_EQ(report->equal_bytes.size(), 3u);
  EXPECT_EQ(report->equal_steps[2].name, "ternary");
  EXPECT_GT(report->equal_steps[0].model_bytes, 5 * report->equal_steps[2].model_bytes);
  const auto ternary_bytes = static_cast<double>(report->equal_bytes[2].model_bytes);
  for (const QuantCompareRow& row : report->equal_bytes)
    EXPECT_NEAR(static_cast<double>(row.model_bytes), ternary_bytes, 0.25 * ternary_bytes) << row.name;
  for (const QuantCompareRow& row : report->equal_steps) {
    EXPECT_GT(row.valid_loss.deviation, 0.0) << "seeds differ";
    EXPECT_NEAR(row.perplexity.mean, std::exp(row.valid_loss.mean), 0.2 * row.perplexity.mean);
  }
  EXPECT_GE(report->checks.size(), 7u);
  for (const ActivityCheck& check : report->checks) EXPECT_TRUE(check.passed) << check.what << ": " << check.found;
}

}  // namespace
}  // namespace tritium
