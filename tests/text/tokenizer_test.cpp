#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "base/counter_rng.h"
#include "tests/text/small_vocabulary.h"
#include "text/tokenizer_keys.h"

namespace tritium {
namespace {

using Pieces = std::vector<std::string>;
#define MARK "\xE2\x96\x81"  // U+2581, as spaces are written in vocabularies

TEST(Tokenizer, MergesThePairOfTheHighestScoreFirst) {
  const auto t = tokenizer_of(vocabulary({{"a"}, {"b"}, {"c"}, {"ab", -2}, {"bc", -1}}));
  EXPECT_EQ(split(*t, "abc"), (Pieces{"a", "bc"}));
}

TEST(Tokenizer, MergesTheLeftmostOfEqualScores) {
  const auto t = tokenizer_of(vocabulary({{"a"}, {"b"}, {"c"}, {"ab", -1}, {"bc", -1}}));
  EXPECT_EQ(split(*t, "abc"), (Pieces{"ab", "c"}));
  const auto u = tokenizer_of(vocabulary({{"a"}, {"aa", -1}}));
  EXPECT_EQ(split(*u, "aaaaa"), (Pieces{"aa", "aa", "a"}));
}

TEST(Tokenizer, MergesMergedPairsAgain) {
  const auto t = tokenizer_of(vocabulary({{"a"}, {"b"}, {"ab", -1}, {"abab", -2}}));
  EXPECT_EQ(split(*t, "abababab"), (Pieces{"abab", "abab"}));
}

TEST(Tokenizer, APieceIsOnlyReachedThroughPieces) {
  const auto t = tokenizer_of(vocabulary({{"a"}, {"b"}, {"c"}, {"abc", -1}}));
  EXPECT_EQ(split(*t, "abc"), (Pieces{"a", "b", "c"}));
}

TEST(Tokenizer, SpacesAreWrittenAsTheirMark) {
  const auto t = tokenizer_of(vocabulary({{MARK}, {"a"}, {MARK "a", -1}}));
  EXPECT_EQ(split(*t, "a a  a"), (Pieces{"a", MARK "a", MARK, MARK "a"}));
}

TEST(Tokenizer, ASpaceIsPutBeforeTheTextUnlessTheFileSaysNo) {
  Metadata m = vocabulary({{MARK}, {"a"}, {MARK "a", -1}});
  m.set("tokenizer.ggml.add_space_prefix", true);
  EXPECT_EQ(split(*tokenizer_of(m), "a"), (Pieces{MARK "a"}));
  EXPECT_EQ(split(*tokenizer_of(m), " a"), (Pieces{MARK, MARK "a"}));
  m.set("tokenizer.ggml.add_space_prefix", false);
  EXPECT_EQ(split(*tokenizer_of(m), "a"), (Pieces{"a"}));
}

TEST(Tokenizer, NoSpaceIsPutBeforeATextThatContinuesAnother) {
  Metadata m = vocabulary({{MARK}, {"a"}, {MARK "a", -1}, {"<x>", 0, kUserDefined}});
  m.set("tokenizer.ggml.add_space_prefix", true);
  const auto t = tokenizer_of(m);
  EXPECT_EQ(split(*t, "a", {.continues = true}), (Pieces{"a"}));
  EXPECT_EQ(split(*t, "a<x>a", {.continues = true}), (Pieces{"a", "<x>", MARK "a"}));
}

TEST(Tokenizer, AnEmptyTextHasNoTokensButTheFirst) {
  const auto t = tokenizer_of(vocabulary({{MARK}}));
  EXPECT_TRUE(t->encode("").empty());
  EXPECT_EQ(t->encode("", {.add_bos = true}), std::vector<int32_t>{1});
}

TEST(Tokenizer, TheFirstTokenIsAddedAsTheFileSaysOrTheCaller) {
  Metadata m = vocabulary({{"a"}});
  EXPECT_EQ(split(*tokenizer_of(m), "a"), (Pieces{"a"}));
  EXPECT_EQ(split(*tokenizer_of(m), "a", {.add_bos = true}), (Pieces{"<s>", "a"}));
  m.set("tokenizer.ggml.add_bos_token", true);
  EXPECT_EQ(split(*tokenizer_of(m), "a"), (Pieces{"<s>", "a"}));
  EXPECT_EQ(split(*tokenizer_of(m), "a", {.add_bos = false}), (Pieces{"a"}));
}

TEST(Tokenizer, WhatHasNoPieceIsBytes) {
  auto pieces = byte_pieces();
  pieces.push_back({"a"});
  const auto t = tokenizer_of(vocabulary(pieces));
  EXPECT_EQ(split(*t, "a\xC3\xA4"), (Pieces{"a", "<0xC3>", "<0xA4>"}));
}

TEST(Tokenizer, WhatHasNeitherPieceNorByteIsUnknown) {
  const auto t = tokenizer_of(vocabulary({{"a"}}));
  EXPECT_EQ(split(*t, "ab"), (Pieces{"a", "<unk>"}));
}

TEST(Tokenizer, APieceThatLooksLikeAByteButIsNormalIsText) {
  const auto t = tokenizer_of(vocabulary({{"<0x41>"}}));
  EXPECT_EQ(t->bytes_of(3), "<0x41>");
}

TEST(Tokenizer, UserDefinedPiecesAreFoundBeforeAnythingIsMerged) {
  const auto t = tokenizer_of(
      vocabulary({{"a"}, {"b"}, {"ab", 0}, {"ba", 0}, {"bab", -9, kUserDefined}, {"ba!", -9, kUserDefined}}));
  EXPECT_EQ(split(*t, "ababab"), (Pieces{"a", "bab", "ab"}));
  EXPECT_EQ(split(*t, "ba!ba"), (Pieces{"ba!", "ba"}));
}

TEST(Tokenizer, TheLongestUserDefinedPieceWins) {
  const auto t = tokenizer_of(vocabulary({{"x"}, {"xx", 0, kUserDefined}, {"xxxx", 0, kUserDefined}}));
  EXPECT_EQ(split(*t, "xxxxxxx"), (Pieces{"xxxx", "xx", "x"}));
}

TEST(Tokenizer, ControlTokensInTextAreTextUnlessAsked) {
  auto pieces = byte_pieces();
  pieces.push_back({"a"});
  const auto t = tokenizer_of(vocabulary(pieces));
  for (int32_t id : t->encode("a</s>")) EXPECT_FALSE(t->is_control(id)) << id;
  EXPECT_EQ(split(*t, "a</s>a", {.parse_special = true}), (Pieces{"a", "</s>", "a"}));
}

TEST(Tokenizer, AnyBytesComeBackFromTheirTokens) {
  auto pieces = byte_pieces();
  for (const char* text : {MARK, "a", "b", "\xC3\xA4", "ab", "a\xC3\xA4", MARK "a"}) pieces.push_back({text, -1});
  const auto t = tokenizer_of(vocabulary(pieces));
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    std::string text;
    const char alphabet[] = {'a', 'b', ' ', '\xC3', '\xA4', '\xE2', '\x80', '\xFF', '\0'};
    for (uint64_t i = 0; i < seed % 30; ++i) text += alphabet[random_bits(seed, i) % sizeof alphabet];
    std::string bytes;
    for (int32_t id : t->encode(text)) bytes += t->bytes_of(id);
    ASSERT_EQ(bytes, text) << "seed " << seed;
  }
}

// The definition: while there is a pair that is a piece, merge the leftmost of those with the highest score.
std::vector<std::string> merge_by_definition(Pieces symbols, const std::map<std::string, double>& scores) {
  for (;;) {
    size_t best = symbols.size();
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto it = scores.find(symbols[i] + symbols[i + 1]);
      if (it == scores.end()) continue;
      if (best == symbols.size() || it->second > scores.at(symbols[best] + symbols[best + 1])) best = i;
    }
    if (best == symbols.size()) return symbols;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Tokenizer, IsTheDefinitionOnRandomVocabularies) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::map<std::string, double> scores{{"a", 0}, {"b", 0}, {"c", 0}};
    uint64_t counter = 0;
    for (int i = 0; i < 25; ++i) {
      std::string piece;
      const uint64_t length = 2 + random_bits(seed, counter++) % 4;
      for (uint64_t k = 0; k < length; ++k) piece += static_cast<char>('a' + random_bits(seed, counter++) % 3);
      scores[piece] = -static_cast<double>(random_bits(seed, counter++) % 8);  // ties are common
    }
    std::vector<Piece> pieces;
    for (const auto& [text, score] : scores) pieces.push_back({text, score});
    const auto t = tokenizer_of(vocabulary(pieces));
    std::string text;
    Pieces symbols;
    for (int i = 0; i < 60; ++i) {
      text += static_cast<char>('a' + random_bits(seed, counter++) % 3);
      symbols.emplace_back(1, text.back());
    }
    ASSERT_EQ(split(*t, text), merge_by_definition(symbols, scores)) << "seed " << seed << " text " << text;
  }
}

TEST(Tokenizer, LongTextsTakeLittleMoreThanProportionalTime) {
  std::vector<Piece> pieces{{"a"}};
  for (int length = 2; length <= 1 << 12; length *= 2)
    pieces.push_back({std::string(static_cast<size_t>(length), 'a'), -1});
  const auto t = tokenizer_of(vocabulary(pieces));
  const auto seconds = [&](size_t n) {
    const std::string text(n, 'a');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(t->encode(text).size(), n >> 12);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  seconds(1 << 14);
  const double once = seconds(1 << 16);
  EXPECT_LT(seconds(1 << 20), 16 * once * 6 + 0.5);  // quadratic: 256 times
}

TEST(Tokenizer, KnowsItsSpecialTokens) {
  const auto t = tokenizer_of(vocabulary({{"a"}, {"gone", 0, kUnused}}));
  EXPECT_EQ(t->bos(), 1);
  EXPECT_EQ(t->eos(), 2);
  EXPECT_EQ(t->unknown(), 0);
  EXPECT_EQ(t->vocab_size(), 5);
  EXPECT_TRUE(t->is_control(2));
  EXPECT_FALSE(t->is_control(3));
  for (int32_t outside : {-1, 5}) {
    EXPECT_TRUE(t->is_control(outside));
    EXPECT_EQ(t->bytes_of(outside), "");
    EXPECT_EQ(t->piece(outside), "");
  }
}

std::string refusal(const Metadata& m) { return Tokenizer::from_metadata(m).message(); }

TEST(Tokenizer, RefusesOtherVocabulariesAndSaysWhatIsSupported) {
  Metadata m = vocabulary({});
  m.set("tokenizer.ggml.model", std::string("bert"));
  EXPECT_EQ(Tokenizer::from_metadata(m).code(), StatusCode::unsupported);
  EXPECT_EQ(refusal(m),
            "tokenizer \"bert\" is not supported; supported: llama (SentencePiece BPE), gpt2 (byte-level BPE)");
  EXPECT_EQ(refusal({}), "the file has no tokenizer (key tokenizer.ggml.model)");
}

TEST(Tokenizer, RefusesArraysThatDisagree) {
  Metadata m = vocabulary({});
  m.set("tokenizer.ggml.scores", std::vector<double>{0, 0});
  EXPECT_EQ(refusal(m), "key tokenizer.ggml.scores must have 3 values, has 2");
  m = vocabulary({});
  m.set("tokenizer.ggml.token_type", std::vector<int64_t>(4, 1));
  EXPECT_EQ(refusal(m), "key tokenizer.ggml.token_type must have 3 values, has 4");
  m.set("tokenizer.ggml.tokens", std::vector<std::string>{});
  EXPECT_EQ(refusal(m), "key tokenizer.ggml.tokens is missing or empty");
}

TEST(Tokenizer, AnIdOutsideTheVocabularyCostsOnlyItself) {
  Metadata m = vocabulary({{"a"}});
  m.set("tokenizer.ggml.eos_token_id", int64_t{4294967295});
  m.set("tokenizer.ggml.bos_token_id", int64_t{4});
  m.set("tokenizer.ggml.unknown_token_id", std::string("0"));
  m.set("tokenizer.ggml.eot_token_id", int64_t{-7});
  m.set("tokenizer.ggml.eom_token_id", int64_t{-1});
  const auto t = tokenizer_of(m);
  EXPECT_EQ(t->eos(), -1);
  EXPECT_EQ(t->bos(), -1);
  EXPECT_EQ(t->unknown(), -1);
  EXPECT_EQ(split(*t, "aa"), (std::vector<std::string>{"a", "a"}));
  EXPECT_EQ(t->warnings(),
            (std::vector<std::string>{
                "key tokenizer.ggml.bos_token_id is 4, the vocabulary has 4 tokens: it is taken for none",
                "key tokenizer.ggml.eos_token_id is 4294967295, the vocabulary has 4 tokens: it is taken for none",
                "key tokenizer.ggml.unknown_token_id is \"0\", the vocabulary has 4 tokens: it is taken for none",
                "key tokenizer.ggml.eot_token_id is -7, the vocabulary has 4 tokens: it is taken for none"}));
}

TEST(Tokenizer, EveryTokenThatAFileNamesAsAnEndEndsGeneration) {
  Metadata m = vocabulary(
      {{"a"}, {"b"}, {"c"}, {"<|im_end|>", 0, kControl}, {"<|eot_id|>"}, {"<end_of_turn>", 0, kUserDefined}});
  const auto ends = [&] {
    const auto t = tokenizer_of(m);
    std::string all;
    for (int32_t id = -1; id <= t->vocab_size(); ++id)
      if (t->ends_generation(id)) all += std::to_string(id) + " ";
    return all;
  };
  EXPECT_EQ(ends(), "2 6 8 ");  // </s>, and by their pieces 6 and 8; 7 is a word like others
  m.set("tokenizer.ggml.eot_token_id", int64_t{3});
  m.set("tokenizer.ggml.eom_token_id", int64_t{4});
  m.set("tokenizer.ggml.fim_pad_token_id", int64_t{5});
  EXPECT_EQ(ends(), "2 3 4 5 6 8 ");
  m.set("tokenizer.ggml.eos_token_id", int64_t{-1});
  EXPECT_EQ(ends(), "2 3 4 5 6 8 ");  // </s> is known by its piece, too
  m.set("tokenizer.tritium.end_token_ids", std::vector<int64_t>{7, 9, -1});
  EXPECT_EQ(ends(), "2 3 4 5 6 7 8 ");
  EXPECT_EQ(tokenizer_of(m)->warnings(),
            (Pieces{"key tokenizer.tritium.end_token_ids has 9, the vocabulary has 9 tokens: it is left out",
                    "key tokenizer.tritium.end_token_ids has -1, the vocabulary has 9 tokens: it is left out"}));
}

TEST(Tokenizer, OptionsOfAnotherTypeAreConvertedOrCostOnlyThemselves) {
  Metadata m = vocabulary({{"a"}});
  m.set("tokenizer.ggml.add_bos_token", int64_t{1});
  m.set("tokenizer.ggml.scores", std::vector<int64_t>{0, 0, 0, 0});
  EXPECT_EQ(tokenizer_of(m)->encode("a").size(), 2u);
  EXPECT_TRUE(tokenizer_of(m)->warnings().empty());
  m.set("tokenizer.ggml.add_bos_token", std::string("no"));
  m.set("tokenizer.ggml.add_eos_token", true);
  m.set("tokenizer.ggml.colour", 2.0);
  EXPECT_EQ(
      tokenizer_of(m)->warnings(),
      (std::vector<std::string>{"key tokenizer.ggml.add_bos_token is \"no\", must be true or false: true is taken",
                                "key tokenizer.ggml.add_eos_token is true: an end token is put after a whole text, not "
                                "after one that is to go on",
                                "key tokenizer.ggml.colour is not known here and is ignored"}));
  m.set("tokenizer.ggml.token_type", std::vector<double>{1, 1, 1, 1});
  EXPECT_EQ(refusal(m), "key tokenizer.ggml.token_type must be an array of integers");
}

TEST(Tokenizer, RefusesAVocabularyThatChangesTheTextFirst) {
  Metadata m = vocabulary({});
  m.set("tokenizer.ggml.remove_extra_whitespaces", false);
  m.set("tokenizer.ggml.precompiled_charsmap", std::vector<int64_t>{});
  EXPECT_EQ(refusal(m), "");
  m.set("tokenizer.ggml.remove_extra_whitespaces", true);
  EXPECT_EQ(
      refusal(m),
      "key tokenizer.ggml.remove_extra_whitespaces is true: it drops spaces before the text is split, which is not "
      "implemented");
}

TEST(Tokenizer, EachOfItsKeysIsOnTheListOnce) {
  std::set<std::string_view> names;
  for (const KnownKey& row : tokenizer_keys()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(Tokenizer, ALongTextHasTheTokensOfItsLines) {
  // No piece holds a line end: what lies before one is merged by itself.
  const auto t = tokenizer_of(vocabulary({{"a", -9},
                                          {"b", -9},
                                          {"c", -9},
                                          {"\n", -9},
                                          {"ab", -2},
                                          {"ba", -1},
                                          {"abc", -3},
                                          {"caab", -1},
                                          {"aab", -2},
                                          {"cc", -4},
                                          {"ca", -5},
                                          {"ccab", -2}}));
  uint64_t counter = 0;
  std::string text;
  std::vector<int32_t> expected;
  while (text.size() < 40000) {
    std::string line;
    const uint64_t length = 1 + random_bits(11, counter++) % 3000;
    for (uint64_t i = 0; i < length; ++i) line += static_cast<char>('a' + random_bits(11, counter++) % 3);
    for (const std::string& part : {line, std::string("\n")})
      for (int32_t id : t->encode(part)) expected.push_back(id);
    text += line + "\n";
  }
  EXPECT_EQ(t->encode(text), expected);
}

TEST(Tokenizer, RefusesAScoreThatCannotBeCompared) {
  Metadata m = vocabulary({});
  m.set("tokenizer.ggml.scores", std::vector<double>{0, std::nan(""), 0});
  EXPECT_EQ(refusal(m), "key tokenizer.ggml.scores [1] is not a number");
}

}  // namespace
}  // namespace tritium
