#include "train/held_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numbers>

#include "tests/support/temporary_folder.h"
#include "text/piece_training.h"
#include "train/data/byte_vocabulary.h"

namespace tritium::training {
namespace {

class HeldOutText : public ::testing::Test {
 protected:
  // Of the pieces of a text; a space stands before the first word.
  static std::shared_ptr<const Tokenizer> pieces_of(std::string_view text, int64_t n_pieces) {
    WordCounts words;
    words.add(text, false);
    const auto pieces = train_pieces(words, {.vocab_size = 259 + n_pieces, .character_coverage = 1});
    EXPECT_TRUE(pieces.ok()) << pieces.message();
    return *Tokenizer::from_metadata(piece_vocabulary(*pieces));
  }

  // As it stands in a file of its own.
  CorpusTokens stream_of(const std::string& name, const std::string& text, const Tokenizer& tokenizer) {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    const auto corpus = load_corpus({.paths = {folder_.file(name)}, .valid_paths = {folder_.file(name)}}, tokenizer);
    EXPECT_TRUE(corpus.ok()) << corpus.message();
    return corpus->valid;
  }

  // At one bit a token: tokens that are scored, by the bytes of their text.
  static double tokens_per_byte(const CorpusTokens& stream, const Tokenizer& tokenizer) {
    return HeldOut(stream, tokenizer, 8, 2, 1).bits_per_byte(std::numbers::ln2);
  }

  static double n_scored(const CorpusTokens& s) {
    return static_cast<double>(std::ranges::count(s.scored, uint8_t{1}));
  }

  TemporaryFolder folder_;
};

TEST_F(HeldOutText, BytesAreThoseOfTheTextForAVocabularyOfPieces) {
  const auto tokenizer = pieces_of("the cat  sat\n\n\ton the mat the cat  sat\n\n\t", 20);
  const std::vector<std::string> texts = {"the cat sat",    " the cat", "  the  cat ",
                                          "\n\nthe\tcat\n", "7 cats",   "\xC3\xA9\xF0\x9F\x99\x82 x",
                                          "the \xFF cat"};
  for (const std::string& text : texts) {
    const CorpusTokens stream = stream_of("a.txt", text, *tokenizer);
    EXPECT_DOUBLE_EQ(tokens_per_byte(stream, *tokenizer), n_scored(stream) / static_cast<double>(text.size())) << text;
  }
}

TEST_F(HeldOutText, EveryDocumentBeginsWithASpaceThatIsNotItsText) {
  const auto tokenizer = pieces_of("ab ab ab ab", 4);
  const CorpusTokens stream =
      stream_of("a.jsonl", "{\"text\": \"ab ab\"}\n{\"text\": \" ab\"}\n{\"text\": \"b\"}\n", *tokenizer);
  EXPECT_DOUBLE_EQ(tokens_per_byte(stream, *tokenizer), n_scored(stream) / 9.0);
}

TEST_F(HeldOutText, WhatDoesNotCountInTheLossHasNoBytes) {
  const auto tokenizer = *Tokenizer::from_metadata(byte_vocabulary());
  const CorpusTokens stream =
      stream_of("a.jsonl", "{\"text\": \"ab \"}\n{\"prompt\": \"cd\", \"completion\": \"é\"}\n", *tokenizer);
  EXPECT_DOUBLE_EQ(tokens_per_byte(stream, *tokenizer), (4 + 3) / 5.0);  // with two end tokens
}

TEST_F(HeldOutText, TheSampleHasTheBytesOfItsOwnTokens) {
  const auto tokenizer = pieces_of("cat cat cat cat z", 8);
  std::string text = "cat";
  for (int i = 0; i < (1 << 15); ++i) text += " cat";
  text += std::string(1 << 15, 'z');
  const CorpusTokens stream = stream_of("a.txt", text, *tokenizer);
  ASSERT_NEAR(n_scored(stream), 1 << 16, 2);
  const HeldOut held_out(stream, *tokenizer, 64, 4, 1);
  EXPECT_NEAR(held_out.bits_per_byte_of_sample(std::numbers::ln2), 1 / 4.0, 1e-4);
  EXPECT_NEAR(held_out.bits_per_byte(std::numbers::ln2), 2 / 5.0, 1e-4);
}

}  // namespace
}  // namespace tritium::training
