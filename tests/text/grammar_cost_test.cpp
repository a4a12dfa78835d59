// What a token costs with real vocabularies. It prints rows for papers/grammar.md, and holds that a document is allowed
// token by token, in both ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "format/gguf.h"
#include "tests/support/shared_material.h"
#include "text/grammar/grammar_state.h"

namespace tritium::grammar {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

// Records as programs write and read them, nested, with text of some words in several scripts.
std::string document() {
  const char* words[] = {"river",         "stone", "quick", "Übergang", "night",  "données", "tree",
                         "\\\"light\\\"", "42",    "of",    "the",      "window", "and",     "река",
                         "paper",         "東京",  "glow",  "wind\\n",  "up",     "in"};
  std::mt19937 random(1);
  const auto text = [&](uint32_t n) {
    std::string made;
    for (uint32_t i = 0; i < n; ++i) made += (i ? " " : "") + std::string(words[random() % 20]);
    return made;
  };
  std::string made = "{\n \"records\": [";
  for (uint32_t i = 0; i < 60; ++i) {
    made += std::string(i ? "," : "") + "\n  {\"id\": " + std::to_string(random() % 100000) + ", \"name\": \"" +
            text(2) + "\", \"score\": " + std::to_string(random() % 100) + "." + std::to_string(random() % 100) +
            ", \"tags\": [\"" + text(1) + "\", \"" + text(1) + "\"], \"text\": \"" +
            text(5 + static_cast<uint32_t>(random() % 40)) + "\", \"more\": {\"open\": true, \"next\": null}}";
  }
  return made + "\n ]\n}";
}

struct Case {
  const char* name;
  Result<Grammar> grammar;
};

std::vector<Case> cases() {
  constexpr const char* kJson = R"(
root ::= object
value ::= object | array | string | number | ("true" | "false" | "null") ws
member ::= string ":" ws value
object ::= "{" ws (member ("," ws member)*)? "}" ws
array ::= "[" ws (value ("," ws value)*)? "]" ws
string ::= "\"" ([^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [0-9]{1,2})? ws
ws ::= "" | " " | "\n" [ \t]{0,20}
)";
  constexpr const char* kSchema = R"({"type": "object", "properties": {"records": {"items": {"type": "object",
    "properties": {"id": {"type": "integer", "minimum": 0, "maximum": 100000}, "name": {"type": "string"},
                   "score": {"type": "number"}, "tags": {"items": {"type": "string"}},
                   "text": {"type": "string", "maxLength": 2000}, "more": {"type": "object"}},
    "required": ["id", "name", "score", "tags", "text", "more"]}}}, "required": ["records"]})";
  std::vector<Case> all;
  all.push_back({"JSON in GBNF", parse_gbnf(kJson)});
  all.push_back({"schema {}", grammar_of_json_schema("{}")});
  all.push_back({"schema of the records", grammar_of_json_schema(kSchema)});
  return all;
}

struct Times {
  std::vector<double> us;  // a token
  double mean() const {
    double sum = 0;
    for (const double t : us) sum += t;
    return sum / static_cast<double>(us.size());
  }
  double part(double fraction) {
    std::ranges::sort(us);
    return us[static_cast<size_t>(fraction * static_cast<double>(us.size() - 1))];
  }
};

// `refused`: of a hundred tokens, how many are drawn such that they are refused, and need the mask.
Times lazily(const GrammarState& start, const std::vector<int32_t>& tokens, size_t vocab_size, uint32_t refused) {
  std::mt19937 random(2);
  GrammarState state = start;
  TokenMask mask;
  Times times;
  for (const int32_t token : tokens) {
    const bool wrong = random() % 100 < refused;
    const auto other = static_cast<int32_t>(random() % vocab_size);
    const auto began = Clock::now();
    bool fits = *state.accepts(wrong ? other : token);
    if (!fits) fits = state.mask(mask).ok() && mask.test(token);
    const bool done = fits && state.advance(token).ok();
    times.us.push_back(us_since(began));
    EXPECT_TRUE(done) << token;
  }
  EXPECT_TRUE(state.may_end());
  return times;
}

Times with_masks(const GrammarState& start, const std::vector<int32_t>& tokens) {
  GrammarState state = start;
  TokenMask mask;
  Times times;
  for (const int32_t token : tokens) {
    const auto began = Clock::now();
    const bool done = state.mask(mask).ok() && mask.test(token) && state.advance(token).ok();
    times.us.push_back(us_since(began));
    EXPECT_TRUE(done) << token;
  }
  EXPECT_TRUE(state.may_end());
  return times;
}

void measure(const std::string& name) {
  const auto file = open_gguf(shared_file("tokenizers/ggml-vocab-" + name + ".gguf")->string(), {});
  const std::shared_ptr<const Tokenizer> tokenizer = *Tokenizer::from_metadata((*file)->metadata());
  const auto began = Clock::now();
  const auto trie = TokenTrie::make(tokenizer);
  std::printf("%s: %zu tokens, a trie of %zu nodes in %.0f ms\n", name.c_str(), trie->vocab_size(), trie->n_nodes(),
              us_since(began) / 1000);
  const std::vector<int32_t> tokens = tokenizer->encode(document(), {.add_bos = false, .continues = true});
  const auto size = static_cast<size_t>(tokenizer->vocab_size());
  std::printf("%-22s %7s | %18s | %18s | %28s\n", "grammar", "tokens", "lazy, 0 % refused", "lazy, 10 % refused",
              "the mask of each token");
  for (const Case& c : cases()) {
    ASSERT_TRUE(c.grammar.ok()) << c.name << ": " << c.grammar.message();
    const auto start = [&] { return *GrammarState::make(*c.grammar, trie); };
    Times none = lazily(start(), tokens, size, 0), some = lazily(start(), tokens, size, 10);
    Times masks = with_masks(start(), tokens);
    std::printf("%-22s %7zu | %6.1f, max %6.0f | %6.1f, max %6.0f | %6.1f, 99 %% %6.0f, max %6.0f us\n", c.name,
                tokens.size(), none.mean(), none.part(1), some.mean(), some.part(1), masks.mean(), masks.part(0.99),
                masks.part(1));
  }
}

TEST(GrammarCost, OfATokenWithRealVocabularies) {
  for (const std::string name : {"qwen2", "llama-bpe", "llama-spm"}) {
    if (!shared_file("tokenizers/ggml-vocab-" + name + ".gguf")) GTEST_SKIP() << kNoSharedMaterial;
    ASSERT_NO_FATAL_FAILURE(measure(name));
  }
}

}  // namespace
}  // namespace tritium::grammar
