#include "train/data/byte_vocabulary.h"

#include <gtest/gtest.h>

#include <string>

#include "text/tokenizer.h"

namespace tritium {
namespace {

std::shared_ptr<const Tokenizer> tokenizer_of(const Metadata& m) { return *Tokenizer::from_metadata(m); }

TEST(ByteVocabulary, HasATokenForEachByteAndThreeMore) {
  const auto t = tokenizer_of(byte_vocabulary());
  EXPECT_EQ(t->vocab_size(), 259);
  EXPECT_EQ(t->unknown(), 0);
  EXPECT_EQ(t->bos(), 1);
  EXPECT_EQ(t->eos(), 2);
}

TEST(ByteVocabulary, EveryByteIsOneTokenThatStandsForIt) {
  const auto t = tokenizer_of(byte_vocabulary());
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(t->encode(text), std::vector<int32_t>{3 + byte});
    EXPECT_EQ(t->bytes_of(3 + byte), text);
  }
}

TEST(ByteVocabulary, TextComesBackAsItWas) {
  const auto t = tokenizer_of(byte_vocabulary());
  const std::string text = " Grüße,\n\t日本 \xF0\x9F\x99\x82  </s>";
  const auto tokens = t->encode(text);
  EXPECT_EQ(tokens.size(), text.size());
  EXPECT_EQ(t->decode(tokens), text);
}

TEST(CharacterVocabulary, HasATokenForEachDistinctCharacterAndTheUnknown) {
  std::string text = "\n ";
  for (char c = 'A'; c <= 'Z'; ++c) text += c;
  for (char c = 'a'; c <= 'z'; ++c) text += c;
  text += "!$&',-.3:;?";  // the 65 characters of Shakespeare's plays
  const auto t = tokenizer_of(character_vocabulary(text + text));
  EXPECT_EQ(t->vocab_size(), 66);
  EXPECT_EQ(t->unknown(), 0);
  EXPECT_EQ(t->bos(), -1);
  EXPECT_EQ(t->eos(), -1);
}

TEST(CharacterVocabulary, TokensAreInTheOrderOfCodePoints) {
  const auto t = tokenizer_of(character_vocabulary("日é ba\n"));
  EXPECT_EQ(t->encode("\n abé日"), (std::vector<int32_t>{1, 2, 3, 4, 5, 6}));
}

TEST(CharacterVocabulary, TextComesBackAsItWas) {
  const std::string text = "First Citizen:\nBefore we  proceed\n\n日本 é";
  const auto t = tokenizer_of(character_vocabulary(text));
  EXPECT_EQ(t->decode(t->encode(text)), text);
}

TEST(CharacterVocabulary, BytesThatAreNotUtf8AreTokensToo) {
  const std::string text = "a\xFFz";
  const auto t = tokenizer_of(character_vocabulary(text));
  EXPECT_EQ(t->vocab_size(), 4);
  EXPECT_EQ(t->encode(text).size(), 3u);
  EXPECT_EQ(t->bytes_of(t->encode(text)[1]), "\xFF");
}

TEST(CharacterVocabulary, ACharacterThatTheTextLacksIsUnknown) {
  const auto t = tokenizer_of(character_vocabulary("ab"));
  EXPECT_EQ(t->encode("axb"), (std::vector<int32_t>{1, 0, 2}));
}

}  // namespace
}  // namespace tritium
