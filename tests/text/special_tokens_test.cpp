#include "text/special_tokens.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/counter_rng.h"
#include "tests/text/small_vocabulary.h"

namespace tritium {
namespace {

int32_t found(const SpecialTokens& tokens, std::string_view text, bool control_too = true) {
  const SpecialToken* token = tokens.longest_at(text, control_too);
  return token ? token->id : -1;
}

TEST(SpecialTokens, TheLongestAtTheBeginningIsFound) {
  const SpecialTokens tokens(
      {{"<a>", 1, true}, {"<a", 2, false}, {"<a><b>", 3, true}, {"x", 4, false}, {"<a>", 5, false}});
  EXPECT_EQ(found(tokens, "<a><b>c"), 3);
  EXPECT_EQ(found(tokens, "<a><b"), 1);
  EXPECT_EQ(found(tokens, "<a>"), 1);
  EXPECT_EQ(found(tokens, "<a><b>c", false), 2);
  EXPECT_EQ(found(tokens, "<"), -1);
  EXPECT_EQ(found(tokens, " <a>"), -1);
  EXPECT_EQ(found(tokens, ""), -1);
  EXPECT_EQ(found(tokens, "xx"), 4);
  EXPECT_TRUE(SpecialTokens().empty());
}

TEST(SpecialTokens, AsTheDefinitionSays) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    uint64_t counter = 0;
    const auto draw = [&](uint64_t n) { return random_bits(seed, counter++) % n; };
    const auto word = [&](uint64_t longest) {
      std::string text;
      for (uint64_t n = 1 + draw(longest); n > 0; --n)
        text += draw(7) == 0 ? static_cast<char>(0xFF) : static_cast<char>('a' + draw(2));
      return text;
    };
    std::vector<std::string> pieces;
    for (int i = 0; i < 20; ++i) pieces.push_back(word(5));
    std::vector<SpecialToken> list;
    for (size_t i = 0; i < pieces.size(); ++i) list.push_back({pieces[i], static_cast<int32_t>(i), draw(2) == 0});
    const SpecialTokens tokens(list);
    for (int i = 0; i < 50; ++i) {
      const std::string text = word(8);
      for (bool control_too : {false, true}) {
        // The first of each piece alone counts.
        size_t longest = 0;
        int32_t expected = -1;
        for (size_t k = 0; k < list.size(); ++k) {
          bool repeated = false;
          for (size_t j = 0; j < k; ++j) repeated |= list[j].piece == list[k].piece;
          if (repeated || (list[k].control && !control_too) || !text.starts_with(list[k].piece)) continue;
          if (list[k].piece.size() > longest) longest = list[k].piece.size(), expected = list[k].id;
        }
        ASSERT_EQ(found(tokens, text, control_too), expected) << "seed " << seed << " text " << text;
      }
    }
  }
}

TEST(SpecialTokens, ManyLengthsDoNotMakeTheSearchQuadratic) {
  std::vector<Piece> pieces = {{"a"}};
  for (size_t length = 2; length < 3000; ++length) pieces.push_back({std::string(length, 'a') + "!", 0, kUserDefined});
  const auto t = tokenizer_of(vocabulary(pieces));
  EXPECT_EQ(
      t->warnings(),
      (std::vector<std::string>{"1976 special tokens have more than 1024 bytes and are not looked for in texts"}));
  const std::string text(20000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(t->encode(text).size(), text.size());
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20);
}

}  // namespace
}  // namespace tritium
