#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>
#include <set>

#include "tritium/experiment.hpp"
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

// A value that is not the default, as JSON.
std::string another_value(const TrainOption& o) {
  switch (o.kind) {
    case OptionKind::flag: return o.initial == "true" ? "false" : "true";
    case OptionKind::integer: return "3";
    case OptionKind::real: return "0.25";
    case OptionKind::choice: {
      const std::string last = o.allowed.substr(o.allowed.rfind(' ') + 1);
      return '"' + (last == o.initial ? o.allowed.substr(7, o.allowed.find(',') - 7) : last) + '"';
    }
    case OptionKind::text: return R"("a text")";
    case OptionKind::texts: return R"(["a text"])";
  }
  return "";
}

TEST(TrainOptionsTable, EveryOptionIsWrittenAndReadBack) {
  ASSERT_GT(train_options().size(), 60u);
  std::set<std::string> keys, flags;
  for (const TrainOption& o : train_options()) {
    EXPECT_TRUE(keys.insert(o.key).second) << o.key << " is there twice";
    EXPECT_TRUE(o.flag.empty() || flags.insert(o.flag).second) << o.flag << " is there twice";
    EXPECT_FALSE(o.help.empty() || o.group.empty()) << o.key;
    const Result<TrainOptions> read = train_options_from_json("{\"" + o.key + "\": " + another_value(o) + "}");
    ASSERT_TRUE(read.ok()) << read.message();
    const std::string written = train_options_to_json(*read);
    EXPECT_NE(written, train_options_to_json({})) << o.key << " was not taken";
    if (o.kind != OptionKind::texts) {
      EXPECT_NE(written.find("\"" + o.key + "\": " + another_value(o)), std::string::npos) << written;
    }
    const Result<TrainOptions> back = train_options_from_json(written);
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_EQ(train_options_to_json(*back), written) << o.key;
  }
}

TEST(TrainOptionsTable, WordsOfACommandLineSayTheSameAsJson) {
  for (const TrainOption& o : train_options()) {
    const std::string json = another_value(o);
    const std::string word =
        json.find("a text") != json.npos ? "a text" : json.substr(json[0] == '"', json.rfind('"') - 1);
    TrainOptions set;
    ASSERT_TRUE(set_train_option(set, o.key, {word}).ok()) << o.key;
    const Result<TrainOptions> read = train_options_from_json("{\"" + o.key + "\": " + json + "}");
    EXPECT_EQ(train_options_to_json(set), train_options_to_json(*read)) << o.key;
  }
  TrainOptions options;
  EXPECT_TRUE(set_train_option(options, "folder", {"run\xff"}).ok());
  EXPECT_EQ(options.folder, "run\xff") << "a path is any bytes";
  EXPECT_NE(set_train_option(options, "schedule", {"\xff"}).message().find("\"schedule\""), std::string::npos);
  EXPECT_NE(set_train_option(options, "steps", {}).message().find("\"steps\""), std::string::npos);
  EXPECT_NE(set_train_option(options, "stepz", {"1"}).message().find("\"stepz\""), std::string::npos);
}

struct Edges {
  std::vector<std::string> inside, outside;
};

// Numbers around the bounds of "a number from 0 to below 1".
Edges edges_of(const std::string& allowed) {
  std::smatch found;
  const auto is = [&](const char* pattern) { return std::regex_search(allowed, found, std::regex(pattern)); };
  const auto bound = [&found](int i, int64_t by = 0) { return std::to_string(std::stoll(found[i]) + by); };
  if (is("from (\\d+) to below 1")) return {{bound(1), "0.9999999999"}, {bound(1, -1), "1"}};
  if (is("from (\\d+) to (\\d+)")) return {{bound(1), bound(2)}, {bound(1, -1), bound(2, 1)}};
  if (is("at least (\\d+)")) return {{bound(1)}, {bound(1, -1)}};
  if (is("at most (\\d+)")) return {{bound(1)}, {bound(1, 1)}};
  if (is("above (\\d+)")) return {{bound(1) + ".0000001"}, {bound(1)}};
  return {};
}

TEST(TrainOptionsTable, AValueOutsideOfItsRangeIsRefusedByName) {
  const auto refusal = [](const TrainOption& o, const std::string& value) {
    TrainOptions options;
    Status status = set_train_option(options, o.key, {value});
    if (status.ok()) status = plan_training(options).status();
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << o.key;
    return status.message();
  };
  int ranges = 0;
  for (const TrainOption& o : train_options()) {
    const Edges edges = edges_of(o.allowed);
    for (const std::string& value : edges.outside) {
      ++ranges;
      const std::string message = refusal(o, value);
      EXPECT_NE(message.find(o.key), std::string::npos) << message;
      EXPECT_NE(message.find(" is " + value + ", must be "), std::string::npos) << message;
    }
    for (const std::string& value : edges.inside)
      EXPECT_EQ(refusal(o, value).find("give either a model"), 0u) << o.key << " may be " << value;
    if (o.kind == OptionKind::choice && o.allowed.starts_with("one of full") &&
        o.allowed.find(", lora") == std::string::npos) {
      EXPECT_NE(refusal(o, "lora").find(o.key + " is lora, must be " + o.allowed), std::string::npos);
    }
  }
  EXPECT_GT(ranges, 30);
}

TEST(TrainOptionsTable, ANumberThatIsNoneIsRefused) {
  TrainOptions options;
  options.warmup = std::nan("");
  EXPECT_NE(plan_training(options).message().find("warmup is nan, must be from 0 to 1"), std::string::npos);
  options.warmup = 0.0;
  options.noise = std::numeric_limits<double>::infinity();
  EXPECT_NE(plan_training(options).message().find("noise is inf, must be"), std::string::npos);
}

TEST(QuantCompare, ASmallStudyHasEveryRowAndRealQuantisation) {
  const Result<QuantCompareReport> report =
      quant_compare({.seeds = 2, .smoke = true, .steps = 20, .learning_rate = 3e-3, .threads = 2});
  ASSERT_TRUE(report.ok()) << report.message();
  ASSERT_EQ(report->equal_steps.size(), 4u);
  ASSERT_EQ(report->equal_bytes.size(), 4u);
  EXPECT_EQ(report->equal_steps[2].name, "int4");
  EXPECT_EQ(report->equal_steps[3].name, "ternary");
  EXPECT_GT(report->equal_steps[0].model_bytes, 5 * report->equal_steps[3].model_bytes);
  const auto ternary_bytes = static_cast<double>(report->equal_bytes[3].model_bytes);
  for (const QuantCompareRow& row : report->equal_bytes)
    EXPECT_NEAR(static_cast<double>(row.model_bytes), ternary_bytes, 0.25 * ternary_bytes) << row.name;
  for (const QuantCompareRow& row : report->equal_steps) {
    EXPECT_GT(row.valid_loss.deviation, 0.0) << "seeds differ";
    EXPECT_NEAR(row.perplexity.mean, std::exp(row.valid_loss.mean), 0.2 * row.perplexity.mean);
  }
  EXPECT_GE(report->checks.size(), 7u);
  for (const ActivityCheck& check : report->checks) EXPECT_TRUE(check.passed) << check.what << ": " << check.found;
}

TEST(QuantCompare, WidthsAreEachTrainedInEveryWay) {
  const QuantCompareOptions options = {.smoke = true, .steps = 3, .learning_rate = 3e-3, .threads = 2};
  const Result<std::vector<QuantCompareRow>> rows = quant_compare_widths(options, {16, 40});
  ASSERT_TRUE(rows.ok()) << rows.message();
  ASSERT_EQ(rows->size(), 8u);
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ((*rows)[i].dim, i < 4 ? 16 : 40);
  EXPECT_GT((*rows)[2].model_bytes, (*rows)[3].model_bytes) << "int4 and ternary";
  EXPECT_EQ(quant_compare_widths(options, {12}).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
