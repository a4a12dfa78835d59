#include "text/piece_training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "base/cancel.h"
#include "tests/text/naive_pieces.h"
#include "tests/text/small_vocabulary.h"

namespace tritium {
namespace {

constexpr int64_t kFixed = 3 + 256;

Result<TrainedPieces> trained(std::string_view text, const PieceTrainingOptions& options) {
  WordCounts words;
  words.add(text, false);
  return train_pieces(words, options);
}

// With all characters, and so many merges.
TrainedPieces merged(std::string_view text, int64_t n_merges) {
  WordCounts words;
  words.add(text, false);
  const auto none = trained(text, {.vocab_size = 1 << 20, .character_coverage = 1});
  EXPECT_FALSE(none.ok());  // too many: what it says is how many there are
  const std::string said = none.message();
  const int64_t most = std::stoll(said.substr(said.rfind(' ')));
  for (int64_t size = kFixed;; ++size) {
    const auto made = train_pieces(words, {.vocab_size = size, .character_coverage = 1});
    if (!made.ok()) continue;  // too small for the characters
    const auto n_characters = static_cast<int64_t>(made->characters.size());
    return *train_pieces(words,
                         {.vocab_size = std::min(most, kFixed + n_characters + n_merges), .character_coverage = 1});
  }
}

std::string random_text(std::mt19937& rng, const std::vector<std::string>& parts, size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text += parts[rng() % parts.size()];
  return text;
}

// What the tokens stand for, without the space that is put before a text.
std::string text_of(const Tokenizer& t, std::string_view text) {
  std::string bytes;
  for (const int32_t id : t.encode(text, {.add_bos = false})) bytes += t.bytes_of(id);
  if (!text.empty()) {
    EXPECT_EQ(bytes.substr(0, 1), " ");
    bytes.erase(0, 1);
  }
  return bytes;
}

const std::vector<std::vector<std::string>> kAlphabets = {
    {"a", "b"},
    {"a", "b", " "},
    {"a", "a", "a", " ", "\n"},
    {"the ", "then ", "he", "hen", " ", "  ", "\n\n", "\t", "1", "23", ", "},
    {"é", "日", "本", "🙂", " ", "x", "\n"},
    {"ab", "abc", "bc", "c", "ca", " "},
};

TEST(PieceTraining, MergesAreThoseOfATrainerThatCountsAllPairsAnew) {
  for (size_t i = 0; i < 8 * kAlphabets.size(); ++i) {
    std::mt19937 rng(static_cast<unsigned>(i));
    const std::string text = random_text(rng, kAlphabets[i % kAlphabets.size()], 40 + rng() % 160);
    SCOPED_TRACE("seed " + std::to_string(i) + ": " + text);
    EXPECT_EQ(merged(text, 40).merged, naive::train(text, 40));
  }
}

TEST(PieceTraining, TheTokenizerAppliesTheMergesInTheirOrder) {
  for (size_t i = 0; i < 8 * kAlphabets.size(); ++i) {
    std::mt19937 rng(static_cast<unsigned>(1000 + i));
    const auto& alphabet = kAlphabets[i % kAlphabets.size()];
    const TrainedPieces pieces = merged(random_text(rng, alphabet, 200), 40);
    const auto t = tokenizer_of(piece_vocabulary(pieces));
    const std::string text = random_text(rng, alphabet, 150);  // another one, of the same characters
    SCOPED_TRACE("seed " + std::to_string(1000 + i) + ": " + text);
    EXPECT_EQ(split(*t, text, {.add_bos = false}), naive::encode(naive::characters(text), pieces.merged));
  }
}

TEST(PieceTraining, TokensOfTheTextAreCountedAsTheTokenizerMakesThem) {
  for (size_t i = 0; i < 40; ++i) {
    std::mt19937 rng(static_cast<unsigned>(i));
    std::string text = random_text(rng, kAlphabets[i % kAlphabets.size()], 300);
    text += random_text(rng, kAlphabets[5], 200) + "\xFFq\x80 z\xE2\x96 ";
    const auto made = trained(text, {.vocab_size = kFixed + 24, .character_coverage = 0.97});
    ASSERT_TRUE(made.ok()) << made.message();
    const auto t = tokenizer_of(piece_vocabulary(*made));
    EXPECT_EQ(made->n_tokens, std::ssize(t->encode(text, {.add_bos = false}))) << text;
    EXPECT_EQ(made->n_invalid_bytes, 4);
  }
}

TEST(PieceTraining, AnyBytesComeBackAsTheyWere) {
  const auto t = tokenizer_of(piece_vocabulary(merged("the cat  sat\n\n\ton the mat the cat  sat\n\n\t", 20)));
  std::vector<std::string> parts = {" ",       "  ",   "\t",   "\n",       "\r\n",
                                    "the cat", "\xFF", "\x80", "\xE2\x96", "\xF0\x9F",
                                    "🙂",    "é",    "日本", "7",        std::string(1, '\0')};
  for (int byte = 0; byte < 256; ++byte) parts.emplace_back(1, static_cast<char>(byte));
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 rng(seed);
    const std::string text = random_text(rng, parts, rng() % 40);
    if (text.find("▁") != std::string::npos) continue;  // by which a vocabulary writes a space
    EXPECT_EQ(text_of(*t, text), text) << "seed " << seed;
  }
}

TEST(PieceTraining, TextOfAnyCharactersIsDecodedAsItWas) {
  const auto t = tokenizer_of(piece_vocabulary(merged("the cat  sat\n\n\ton the mat the cat  sat\n\n\t", 20)));
  for (const char* text :
       {"", " ", "  the cat", "the cat ", "\n", " \t\n ", "Grüße, 日本 🙂", "</s><s>", "<0x0A>"}) {
    const std::vector<int32_t> tokens = t->encode(text);
    EXPECT_EQ(tokens.front(), t->bos());
    EXPECT_EQ(t->decode(tokens), text);
  }
}

TEST(PieceTraining, TheOrderOfTheTextsDoesNotMatter) {
  std::mt19937 rng(1);
  std::vector<std::string> texts;
  for (int i = 0; i < 50; ++i) texts.push_back(random_text(rng, kAlphabets[3], 40));
  const auto of = [&texts] {
    WordCounts words;
    for (const std::string& text : texts) words.add(text, false);
    return *train_pieces(words, {.vocab_size = kFixed + 40});
  };
  const TrainedPieces first = of();
  std::ranges::shuffle(texts, rng);
  EXPECT_EQ(of().merged, first.merged);
  EXPECT_EQ(of().characters, first.characters);
}

TEST(PieceTraining, OfPairsThatAreAsFrequentTheFirstByItsBytesIsMerged) {
  EXPECT_EQ(merged("zz\tcd\tab\tzz\tcd\tab", 3).merged, (std::vector<std::string>{"ab", "cd", "zz"}));
}

TEST(PieceTraining, PairsOfTheSameCharactersAreOnePiece) {
  // "bc" 4 times, "ab" 3 times; then "abc" of "a" "bc" twice, and of "ab" "c" never.
  const TrainedPieces pieces = merged("abc\nabc\nbc\nbc\nabd\nabd\nabd\n", 3);
  EXPECT_EQ(pieces.merged, naive::train("abc\nabc\nbc\nbc\nabd\nabd\nabd\n", 3));
}

TEST(PieceTraining, NoPieceHoldsADigitAndAnotherCharacter) { EXPECT_TRUE(merged("10 10 10 10 10", 9).merged.empty()); }

TEST(PieceTraining, RunsOfSpacesAndLineEndsArePieces) {
  const auto pieces = merged("x\n\ny\n\nx    y    x    y", 99).merged;
  for (const char* piece : {"\n\n", "▁▁"}) EXPECT_TRUE(std::ranges::count(pieces, piece)) << piece;
  for (const std::string& piece : pieces) EXPECT_TRUE(naive::may_be_piece(piece)) << piece;
}

TEST(PieceTraining, TheCharacterThatStandsForASpaceIsOne) {
  EXPECT_EQ(merged("ab▁ab ab▁ab", 9).merged, merged("ab ab ab ab", 9).merged);
}

TEST(PieceTraining, ASpaceIsAPieceAlsoWhereTheTextHasNone) {
  WordCounts words;
  words.add("ab", true);
  const auto pieces = train_pieces(words, {.vocab_size = kFixed + 3});
  ASSERT_TRUE(pieces.ok()) << pieces.message();
  EXPECT_EQ(pieces->characters, (std::vector<std::string>{"a", "b", "▁"}));
}

TEST(PieceTraining, TheRarestCharactersBecomeBytes) {
  const std::string text = std::string(98, 'a') + "é";
  const auto pieces = trained(text, {.vocab_size = kFixed + 2, .character_coverage = 0.98});  // of 100 with the space
  ASSERT_TRUE(pieces.ok()) << pieces.message();
  EXPECT_EQ(pieces->characters, (std::vector<std::string>{"a", "▁"}));
  EXPECT_EQ(pieces->n_uncovered, 1);
  EXPECT_EQ(pieces->n_tokens, 1 + 98 + 2);
}

TEST(PieceTraining, NothingThatLooksLikeAControlTokenOrAByteIsMerged) {
  const auto pieces = merged("<s>\n<s>\n<s>\n<0xAB>\n<0xAB>\n<unk>\n<unk>\n</s>\n</s>", 99).merged;
  EXPECT_TRUE(std::ranges::count(pieces, "s>"));
  for (const char* piece : {"<s>", "</s>", "<unk>", "<0xAB>"}) EXPECT_FALSE(std::ranges::count(pieces, piece)) << piece;
}

TEST(PieceTraining, ASizeThatTheTextCannotFillSaysWhatItCan) {
  const auto many = trained("ab ab", {.vocab_size = 1024});
  EXPECT_EQ(many.code(), StatusCode::invalid_argument);
  EXPECT_NE(many.message().find("has use for 264 tokens, 1024 were asked for"), std::string::npos) << many.message();
  EXPECT_TRUE(trained("ab ab", {.vocab_size = 264}).ok());
  const auto few = trained("ab ab", {.vocab_size = 261});
  EXPECT_EQ(few.code(), StatusCode::invalid_argument);
  EXPECT_NE(few.message().find("256 bytes and 3 characters of this text make 262"), std::string::npos) << few.message();
  EXPECT_TRUE(trained("ab ab", {.vocab_size = 262}).ok());
}

TEST(PieceTraining, NoTextAndNoCoverageAreErrors) {
  EXPECT_NE(trained("", {}).message().find("the text is empty"), std::string::npos);
  for (const double coverage : {0.0, -1.0, 1.01, std::nan("")})
    EXPECT_NE(trained("a", {.character_coverage = coverage}).message().find("character coverage"), std::string::npos);
}

TEST(PieceTraining, IsCancelledWhileItCountsAndWhileItMerges) {
  WordCounts words;
  words.add("a text", false);
  const std::function<bool()> stop = [] { return false; };
  const CancelScope scope(stop);
  EXPECT_THROW(WordCounts().add("a text", false), Cancelled);
  EXPECT_THROW((void)train_pieces(words, {.vocab_size = 300}), Cancelled);
}

}  // namespace
}  // namespace tritium
