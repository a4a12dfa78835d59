#include "text/streaming_detokenizer.h"

#include <gtest/gtest.h>

#include "base/counter_rng.h"
#include "tests/text/small_vocabulary.h"
#include "text/utf8.h"

namespace tritium {
namespace {

// Byte b is token 3 + b; 259 is "▁a", 260 "a", 261 "▁".
std::shared_ptr<const Tokenizer> tokenizer(bool space_prefix = true) {
  auto pieces = byte_pieces();
  for (const char* text : {"\xE2\x96\x81"
                           "a",
                           "a", "\xE2\x96\x81"})
    pieces.push_back({text});
  Metadata m = vocabulary(pieces);
  m.set("tokenizer.ggml.add_space_prefix", space_prefix);
  return tokenizer_of(m);
}

constexpr int32_t byte_token(int byte) { return 3 + byte; }
constexpr int32_t kSpaceA = 259, kA = 260, kSpace = 261, kBos = 1;

TEST(StreamingDetokenizer, ACharacterAppearsWhenItsLastByteDoes) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(byte_token(0xF0)), "");
  EXPECT_EQ(stream.push(byte_token(0x9F)), "");
  EXPECT_EQ(stream.push(byte_token(0xA6)), "");
  EXPECT_EQ(stream.push(byte_token(0x99)), "\xF0\x9F\xA6\x99");
  EXPECT_EQ(stream.flush(), "");
}

TEST(StreamingDetokenizer, BytesThatCannotBecomeACharacterAreReplacedAtOnce) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(byte_token(0xFF)), "\xEF\xBF\xBD");
  EXPECT_EQ(stream.push(byte_token(0xC3)), "");
  EXPECT_EQ(stream.push(kA),
            "\xEF\xBF\xBD"
            "a");
}

TEST(StreamingDetokenizer, FlushReplacesWhatIsLeft) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(byte_token(0xC3)), "");
  EXPECT_EQ(stream.flush(), "\xEF\xBF\xBD");
  EXPECT_EQ(stream.flush(), "");
}

TEST(StreamingDetokenizer, TheFirstSpaceIsDroppedAtTheStartAndAfterControlTokens) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(kBos), "");
  EXPECT_EQ(stream.push(kSpaceA), "a");
  EXPECT_EQ(stream.push(kSpaceA), " a");
}

TEST(StreamingDetokenizer, OnlyOneSpaceIsDropped) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(kSpace), "");
  EXPECT_EQ(stream.push(kSpaceA), " a");
}

TEST(StreamingDetokenizer, NothingIsDroppedWhereATextIsContinued) {
  const auto t = tokenizer();
  StreamingDetokenizer stream(*t, false);
  EXPECT_EQ(stream.push(kSpaceA), " a");
}

TEST(StreamingDetokenizer, NothingIsDroppedWithoutASpacePrefix) {
  const auto t = tokenizer(false);
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(kSpaceA), " a");
}

TEST(StreamingDetokenizer, WhatItGivesIsAlwaysWholeUtf8) {
  const auto t = tokenizer();
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    StreamingDetokenizer stream(*t);
    const int bytes[] = {0x41, 0xC3, 0xA4, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0xED, 0xA0, 0xC0, 0xFF};
    std::string text;
    for (uint64_t i = 0; i < 40; ++i) {
      const std::string part = stream.push(byte_token(bytes[random_bits(seed, i) % 12]));
      for (std::string_view rest = part; !rest.empty(); rest.remove_prefix(utf8_length(rest)))
        ASSERT_EQ(utf8_state(rest), Utf8::whole) << "seed " << seed;
    }
  }
}

TEST(Utf8, OverlongFormsSurrogatesAndValuesBeyondUnicodeAreInvalid) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xC3\x41"})
    EXPECT_EQ(utf8_state(text), Utf8::invalid) << text;
  for (const char* text :
       {"\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(utf8_state(text), Utf8::whole) << text;
  for (const char* text : {"\xC3", "\xE2\x96", "\xF0\x9F\xA6"}) EXPECT_EQ(utf8_state(text), Utf8::incomplete) << text;
}

}  // namespace
}  // namespace tritium
