#include "text/pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "text/pre_tokenizer.h"
#include "text/pre_tokenizer_names.h"

namespace tritium {
namespace {

using Words = std::vector<std::string>;

Words words(const std::vector<std::string>& patterns, std::string_view text, bool lines = false) {
  const Result<PreTokenizer> made = PreTokenizer::make(patterns, lines);
  EXPECT_TRUE(made.ok()) << made.message();
  Pattern::Scratch scratch;
  Words all;
  made->split(text, scratch, [&](std::string_view word) { all.emplace_back(word); });
  return all;
}

TEST(Pattern, WhatLiesBetweenMatchesIsAWordToo) {
  EXPECT_EQ(words({"[0-9]+"}, "a12b"), (Words{"a", "12", "b"}));
  EXPECT_EQ(words({"[0-9]+"}, "ab"), (Words{"ab"}));
  EXPECT_EQ(words({"[0-9]+"}, ""), Words{});
  EXPECT_EQ(words({}, "ab"), (Words{"ab"}));
}

TEST(Pattern, EachPatternSplitsWhatTheOnesBeforeLeft) {
  EXPECT_EQ(words({"[0-9]+", "ab|2"}, "ab12ab"), (Words{"ab", "1", "2", "ab"}));
  // The end of a piece is the end of what an expression sees.
  EXPECT_EQ(words({"x", "\\s+$"}, "  x  y"), (Words{"  ", "x", "  y"}));
}

TEST(Pattern, WhiteSpaceIsUnicodes) {
  EXPECT_EQ(words({"\\s"}, "a\u180Eb"), (Words{"a\u180Eb"}));  // none since Unicode 6.3
  for (const char* space :
       {" ", "\t", "\u0085", "\u00A0", "\u1680", "\u2000", "\u200A", "\u2028", "\u202F", "\u205F", "\u3000"}) {
    EXPECT_EQ(words({"\\s"}, std::string("a") + space), (Words{"a", space}));
    EXPECT_EQ(words({"[^\\S\\n]"}, std::string("a") + space), (Words{"a", space}));
    EXPECT_EQ(words({"\\S+"}, std::string("a") + space), (Words{"a", space}));
  }
  EXPECT_EQ(words({"[\\S]+"}, "a\n"), (Words{"a", "\n"}));
  EXPECT_EQ(words({"[]\\s]+"}, "a] b"), (Words{"a", "] ", "b"}));
  EXPECT_EQ(words({"\\w+"}, "-e\u0301_1-"), (Words{"-", "e\u0301_1", "-"}));
}

TEST(Pattern, BytesThatAreNoUtf8AreSplitLikeTheReplacementCharacter) {
  EXPECT_EQ(words({"\\p{L}+"}, "a\xFF\xC3z"), (Words{"a", "\xFF\xC3", "z"}));
  EXPECT_EQ(words({"\\p{So}"}, "a\xFF\xEF\xBF\xBD\xE2\x82z"),
            (Words{"a", "\xFF", "\xEF\xBF\xBD", "\xE2", "\x82", "z"}));
}

TEST(Pattern, AnExpressionThatCannotBeUsedIsNamedWithThePlace) {
  const Result<Pattern> made = Pattern::compile("a(b");
  EXPECT_EQ(made.code(), StatusCode::unsupported);
  EXPECT_TRUE(made.message().starts_with("the regular expression \"a(b\" cannot be used: ")) << made.message();
}

TEST(Pattern, LinesEndBeforeLineEndsOnlyWhereAsked) {
  EXPECT_EQ(words({"b$"}, "ab\nb"), (Words{"ab\n", "b"}));
  EXPECT_EQ(words({"b$"}, "ab\nb", true), (Words{"a", "b", "\n", "b"}));
}

// An expression whose steps grow as the power of the length, and one that needs a stack as deep as the text is long.
TEST(Pattern, AnExpressionThatExplodesStillSplitsTheText) {
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [pattern, text] : {std::pair<std::string, std::string>("(?:a+a+)+b", std::string(100, 'a')),
                                      {"(?:a|\\p{L}\\p{M}*)+", std::string(1'000'000, 'a')}}) {
    std::string all;
    for (const std::string& word : words({pattern}, text)) all += word;
    EXPECT_EQ(all, text) << pattern;
  }
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 60);
}

TEST(Pattern, ARunOfBlanksIsLookedThroughOnce) {
  for (const KnownPreTokenizer& row : known_pre_tokenizers()) {
    std::vector<std::string> patterns;
    for (const std::string_view p : row.patterns)
      if (!p.empty()) patterns.emplace_back(p);
    for (const char* end : {"", "a", "1", "\u4E2D"}) {
      const std::string text = std::string(1'000'000, ' ') + end;
      const auto start = std::chrono::steady_clock::now();
      EXPECT_GE(words(patterns, text).size(), 1u);
      EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 10) << row.names[0];
    }
  }
}

TEST(PreTokenizerNames, EachIsThereOnceAndItsPatternsCanBeUsed) {
  std::vector<std::string_view> names;
  for (const KnownPreTokenizer& row : known_pre_tokenizers()) {
    for (const std::string_view name : row.names)
      if (!name.empty()) names.push_back(name);
    for (const std::string_view pattern : row.patterns)
      EXPECT_TRUE(pattern.empty() || Pattern::compile(std::string(pattern)).ok()) << row.names[0];
  }
  for (const std::string_view name : names) EXPECT_EQ(std::ranges::count(names, name), 1) << name;
  EXPECT_EQ(find_pre_tokenizer("falcon_e"), find_pre_tokenizer("llama-bpe"));
  EXPECT_EQ(find_pre_tokenizer(""), nullptr);
  EXPECT_EQ(find_pre_tokenizer("llama"), nullptr);
}

}  // namespace
}  // namespace tritium
