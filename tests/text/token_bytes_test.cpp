// The bytes of a text that each of its tokens stands for: together they are the text, whatever the vocabulary adds to
// it.
#include <gtest/gtest.h>

#include "tests/text/small_byte_vocabulary.h"
#include "tests/text/small_vocabulary.h"

namespace tritium {
namespace {

// <unk>, <s>, </s>, a mark that texts may have, pieces with and without a space before them, and perhaps bytes.
Metadata pieces(bool with_bytes, bool add_bos) {
  std::vector<Piece> all = {{"<m>", 0, kUserDefined}, {"\u2581", -9},  {"\u2581\u2581", -3}, {"a", -5}, {"b", -5},
                            {"\u2581a", -2},          {"\u2581ab", -1}};
  if (with_bytes)
    for (const Piece& byte : byte_pieces()) all.push_back(byte);
  Metadata m = vocabulary(all);
  m.set("tokenizer.ggml.add_space_prefix", true);
  m.set("tokenizer.ggml.add_bos_token", add_bos);
  return m;
}

int64_t sum_of(const Tokenizer& t, const std::vector<int32_t>& tokens, size_t from) {
  int64_t bytes = 0;
  for (size_t i = from; i < tokens.size(); ++i) bytes += t.text_bytes(i == 0 ? -1 : tokens[i - 1], tokens[i]);
  return bytes;
}

const std::vector<std::string> kTexts = {"ab a",
                                         " ab",
                                         "  ab  a ",
                                         "<m>ab",
                                         "ab<m> ab<m>a",
                                         "\xC3\xA9 a",
                                         "\xF0\x9F\x99\x82",
                                         "a\xFF"
                                         "b",
                                         "\n\n a\tb"};

TEST(TokenBytes, OfATextAddUpToItsLength) {
  for (const bool add_bos : {false, true}) {
    const auto t = tokenizer_of(pieces(true, add_bos));
    for (const std::string& text : kTexts) EXPECT_EQ(sum_of(*t, t->encode(text), 0), std::ssize(text)) << text;
  }
}

TEST(TokenBytes, AfterTheFirstAreTheTextWithoutIt) {
  for (const bool add_bos : {false, true}) {
    const auto t = tokenizer_of(pieces(true, add_bos));
    for (const std::string& text : kTexts) {
      const std::vector<int32_t> tokens = t->encode(text);
      EXPECT_EQ(t->bytes_after_first(text, tokens[0]), sum_of(*t, tokens, 1)) << text;
    }
  }
}

// What the vocabulary has no piece for stands for no bytes that are known; the space after it is the text's.
TEST(TokenBytes, OfASpaceAfterAnUnknownTokenCount) {
  const auto t = tokenizer_of(pieces(false, false));
  const std::vector<int32_t> tokens = t->encode("a? ab");
  ASSERT_EQ(split(*t, "a? ab"), (std::vector<std::string>{"\u2581a", "<unk>", "\u2581ab"}));
  EXPECT_EQ(sum_of(*t, tokens, 0), 1 + 0 + 3);
}

TEST(TokenBytes, OfASpaceThatOnlyTextsWithoutOneGet) {
  Metadata m = byte_level_vocabulary({"\u0120 a", "a b"}, {}, "gpt-2");
  m.set("tokenizer.tritium.add_prefix_space", true);
  m.set("tokenizer.tritium.prefix_if_missing", true);
  const auto t = tokenizer_of(m);
  for (const std::string text : {"ab a", " ab a"}) {
    const std::vector<int32_t> tokens = t->encode(text);
    EXPECT_EQ(t->bytes_of(tokens[0]), " a") << text;
    EXPECT_EQ(t->bytes_after_first(text, tokens[0]), 3) << text;
  }
}

}  // namespace
}  // namespace tritium
