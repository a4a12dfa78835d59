// 200 random schemas: what is drawn at random of the tokens that their grammars allow is JSON, by another parser, and
// fulfils the schema, by a validator that goes by the definition.
#include <gtest/gtest.h>

#include <random>

#include "format/gguf.h"
#include "tests/support/shared_material.h"
#include "tests/text/json_validator.h"
#include "tests/text/random_schema.h"
#include "tests/text/small_byte_vocabulary.h"
#include "text/grammar/grammar_state.h"

namespace tritium::grammar {
namespace {

// Draws tokens until the text ends: `some` of any that fit, then mostly such as close what is open.
class Sampler {
 public:
  Sampler(const TokenTrie& trie, uint32_t seed) : trie_(trie), random_(seed) {
    for (int32_t token = 0; std::cmp_less(token, trie.vocab_size()); ++token) {
      const std::string_view bytes = trie.bytes_of(token);
      if (!bytes.empty() && bytes.find_first_not_of("\"}]") == std::string_view::npos) closers_.push_back(token);
    }
  }

  // The text; "" where it did not end, or no token was allowed.
  std::string draw(GrammarState state, int some) {
    std::string text;
    for (int n = 0; n < 4000; ++n) {
      const int32_t token = n < some ? any(state) : closing(state);
      if (token < 0) return "";
      EXPECT_TRUE(state.advance(token).ok()) << text;
      if (state.ended()) return text;
      text += trie_.bytes_of(token);
    }
    return "";
  }

 private:
  // As samplers do: some draws of all, then one of those that are allowed.
  int32_t any(const GrammarState& state) {
    for (int i = 0; i < 3; ++i) {
      const auto token = static_cast<int32_t>(random_() % trie_.vocab_size());
      if (*state.accepts(token)) return token;
    }
    EXPECT_TRUE(state.mask(mask_).ok());
    return one_of([](int32_t) { return true; });
  }
  int32_t closing(const GrammarState& state) {
    for (const int32_t token : trie_.ends())
      if (*state.accepts(token)) return token;
    std::vector<int32_t> fit;
    for (const int32_t token : closers_)
      if (*state.accepts(token)) fit.push_back(token);
    if (!fit.empty() && random_() % 4 > 0) return fit[random_() % fit.size()];
    EXPECT_TRUE(state.mask(mask_).ok());
    const int32_t token =
        one_of([&](int32_t t) { return trie_.bytes_of(t).size() == 1 && trie_.bytes_of(t)[0] > ' '; });
    return token >= 0 ? token : one_of([](int32_t) { return true; });
  }
  template <typename Wanted>
  int32_t one_of(Wanted&& wanted) {
    int32_t chosen = -1;
    uint32_t n = 0;
    for (int32_t token = 0; std::cmp_less(token, trie_.vocab_size()); ++token)
      if (mask_.test(token) && wanted(token) && random_() % ++n == 0) chosen = token;
    return chosen;
  }

  const TokenTrie& trie_;
  std::mt19937 random_;
  std::vector<int32_t> closers_;
  TokenMask mask_;
};

constexpr uint32_t kSchemas = 200;

void expect_fulfilled(const std::shared_ptr<const TokenTrie>& trie, int texts, int some) {
  uint32_t ended = 0, schemas = 0, refused = 0;
  for (uint32_t seed = 0; schemas < kSchemas; ++seed) {
    const std::string schema = RandomSchema(seed).draw().dump();
    const Result<Grammar> grammar = grammar_of_json_schema(schema);
    // Two patterns, or one and a length, may come to hold together, which is refused, or what nothing fulfils.
    if (grammar.code() == StatusCode::unsupported || grammar.message().starts_with("schema: no text fits it")) {
      ASSERT_LT(++refused, kSchemas / 2) << grammar.message();
      continue;
    }
    ASSERT_TRUE(grammar.ok()) << schema << "\n" << grammar.message();
    ++schemas;
    const JsonValidator validator(nlohmann::json::parse(schema));
    const auto start = GrammarState::make(*grammar, trie);
    Sampler sampler(*trie, seed);
    for (int i = 0; i < texts; ++i) {
      const std::string text = sampler.draw(*start, some);
      if (text.empty()) continue;
      ++ended;
      const auto value = nlohmann::json::parse(text, nullptr, false);
      ASSERT_FALSE(value.is_discarded()) << "seed " << seed << ": " << schema << "\n" << text;
      EXPECT_TRUE(validator.fulfils(value)) << "seed " << seed << ": " << schema << "\n" << text;
    }
  }
  EXPECT_EQ(ended, kSchemas * static_cast<uint32_t>(texts));
}

TEST(RandomSchemas, GiveWhatParsesAndFulfilsThemByteByByte) {
  Metadata m = byte_level_vocabulary({"\" :", "\" ,", "\" }", "] }", "1 0", "Ġ \"", "t r", "u e", "a b", "Ã ¶"},
                                     {{"</s>", 0, kControl}});
  m.set("tokenizer.ggml.eos_token_id", int64_t{266});
  expect_fulfilled(TokenTrie::make(tokenizer_of(m)), 5, 120);
}

TEST(RandomSchemas, GiveWhatParsesAndFulfilsThemWithARealVocabulary) {
  const auto path = shared_file("tokenizers/ggml-vocab-qwen2.gguf");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const auto file = open_gguf(path->string(), {});
  ASSERT_TRUE(file.ok()) << file.message();
  expect_fulfilled(TokenTrie::make(*Tokenizer::from_metadata((*file)->metadata())), 1, 40);
}

}  // namespace
}  // namespace tritium::grammar
