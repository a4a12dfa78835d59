// Generations that are held to a grammar or a JSON schema, on every backend.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "tests/support/made_model.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

class GrammarGeneration : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Result<Runtime> runtime = Runtime::create({.backend = GetParam()});
    if (!runtime.ok()) GTEST_SKIP() << runtime.message();
    Result<Model> model = runtime->load(model_file("llama"));
    ASSERT_TRUE(model.ok()) << model.message();
    model_.emplace(*std::move(model));
  }

  // The text that the model writes behind its first token, and how it ended.
  std::pair<std::string, Generation> write(GenerateOptions options) {
    options.max_tokens = 200;
    Result<Session> session = model_->create_session({.context = 256});
    std::string text;
    Result<Generation> g = session->generate(std::vector<int32_t>{1}, options, [&](const GeneratedToken& token) {
      text += token.text;
      return true;
    });
    EXPECT_TRUE(g.ok()) << g.message();
    return {text, g.ok() ? *g : Generation()};
  }

  std::optional<Model> model_;
};
INSTANTIATE_TEST_SUITE_P(Backends, GrammarGeneration, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

SamplerOptions sampler(uint64_t seed, int64_t top_k) {
  return {.temperature = seed == 0 ? 0.0f : 1.5f, .top_k = top_k, .top_p = 1, .min_p = 0, .seed = seed};
}

TEST_P(GrammarGeneration, TheTextIsOneOfTheGrammars) {
  const std::string grammar = R"(root ::= "<" word ("," word){2} ">"
word ::= [a-f]{3,5} | "no" [0-9])";
  const std::regex same("<([a-f]{3,5}|no[0-9])(,([a-f]{3,5}|no[0-9])){2}>");
  for (uint64_t seed = 0; seed < 4; ++seed)
    for (const int64_t top_k : {0, 40}) {
      const auto [text, g] = write({.sampler = sampler(seed, top_k), .grammar = grammar});
      EXPECT_EQ(g.stop, StopReason::end_of_text);
      EXPECT_TRUE(std::regex_match(text, same)) << text;
    }
}

TEST_P(GrammarGeneration, ByASchemaTheTextIsJsonThatFulfilsIt) {
  const std::string schema = R"({"type": "object", "required": ["name", "age"], "additionalProperties": false,
    "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 120}}})";
  const std::regex fulfils(R"re(\s*\{\s*"name"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*"age"\s*:\s*(\d{1,3})\s*\}\s*)re");
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const auto [text, g] = write({.sampler = sampler(seed, 40), .json_schema = schema});
    ASSERT_EQ(g.stop, StopReason::end_of_text) << text;
    std::smatch parts;
    ASSERT_TRUE(std::regex_match(text, parts, fulfils)) << text;
    EXPECT_LE(std::stoi(parts[1].str()), 120) << text;
  }
}

TEST_P(GrammarGeneration, GuessesChangeNothing) {
  GenerateOptions options = {.sampler = sampler(0, 0), .grammar = R"(root ::= ("abc " | "abd "){12} "end")"};
  const auto plain = write(options);
  options.guess = 8;
  const auto guessed = write(options);
  EXPECT_EQ(guessed.first, plain.first);
  EXPECT_EQ(guessed.second.tokens, plain.second.tokens);
}

TEST_P(GrammarGeneration, WithATriggerTheTextIsFreeUntilItsWord) {
  const GenerateOptions free_text = {.sampler = sampler(0, 0), .stop_at_end = false};
  const std::string expected = write(free_text).first;
  GenerateOptions options = free_text;
  options.grammar = R"(root ::= "@@call" [0-9])";
  options.grammar_triggers = {"@@call"};
  EXPECT_EQ(write(options).first, expected) << "no text of this model has the word";
}

TEST_P(GrammarGeneration, LogProbabilitiesAreThoseOfTheModel) {
  Result<Session> session = model_->create_session({.context = 64});
  Result<std::span<const float>> logits = session->evaluate(std::vector<int32_t>{1});
  const auto best = static_cast<int32_t>(std::ranges::max_element(*logits) - logits->begin());
  Result<Session> other = model_->create_session({.context = 64});
  const GenerateOptions options = {
      .max_tokens = 1, .sampler = {.temperature = 0}, .log_probabilities = 1, .grammar = R"(root ::= "Q" [a-z])"};
  int seen = 0;
  const auto check = [&](const GeneratedToken& token) {
    EXPECT_EQ(token.most_probable[0].id, best);
    EXPECT_LE(token.log_probability, token.most_probable[0].log_probability);
    return ++seen > 0;
  };
  ASSERT_TRUE(other->generate(std::vector<int32_t>{1}, options, check).ok());
  EXPECT_EQ(seen, 1);
}

// Ten thousand alternatives, each with a tail of its own.
std::string large_schema() {
  std::string schema = R"({"enum": [)";
  for (int i = 0; i < 10'000; ++i) schema += (i > 0 ? ",\"" : "\"") + std::to_string(i * 7919) + "\"";
  return schema + "]}";
}

TEST_P(GrammarGeneration, MakingALargeOneReadyCanBeCancelled) {
  Result<Session> session = model_->create_session({.context = 64});
  GenerateOptions options = {.json_schema = large_schema()};
  options.keep_going = [] { return false; };
  EXPECT_EQ(session->begin(std::vector<int32_t>{1}, options).code(), StatusCode::cancelled);
  options.keep_going = {};
  EXPECT_TRUE(session->begin(std::vector<int32_t>{1}, options).ok());
}

TEST_P(GrammarGeneration, WhatIsNoGrammarIsRefusedBeforeAnythingIsEvaluated) {
  Result<Session> session = model_->create_session({.context = 64});
  const auto refused = [&](const GenerateOptions& options, const std::string& part) {
    const Result<Generation> g = session->generate(std::vector<int32_t>{1}, options);
    EXPECT_EQ(g.code(), StatusCode::invalid_argument) << g.message();
    EXPECT_NE(g.message().find(part), std::string::npos) << g.message();
    EXPECT_EQ(session->position(), 0);
  };
  refused({.grammar = "root ::= \"a"}, "line 1");
  refused({.json_schema = "{"}, "schema");
  refused({.grammar = R"(root ::= "a")", .json_schema = "{}"}, "one of the two");
  refused({.grammar_triggers = {"x"}}, "there is none");
}

}  // namespace
}  // namespace tritium
