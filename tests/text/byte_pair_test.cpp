// Byte-level byte-pair vocabularies, on small ones made by hand.
#include "text/byte_pair.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "base/counter_rng.h"
#include "tests/text/small_byte_vocabulary.h"
#include "text/pre_tokenizer_names.h"
#include "text/streaming_detokenizer.h"

namespace tritium {
namespace {

using Pieces = std::vector<std::string>;
using Ids = std::vector<int32_t>;

TEST(BytePair, TheEarliestMergeOfTheListComesFirst) {
  EXPECT_EQ(split(*tokenizer_of(byte_level_vocabulary({"b c", "a b"})), "abc"), (Pieces{"a", "bc"}));
  EXPECT_EQ(split(*tokenizer_of(byte_level_vocabulary({"a b", "b c"})), "abc"), (Pieces{"ab", "c"}));
  EXPECT_EQ(split(*tokenizer_of(byte_level_vocabulary({"a a", "aa aa"})), "aaaaaaa"), (Pieces{"aaaa", "aa", "a"}));
}

TEST(BytePair, WordsAreMergedEachByItself) {
  const auto t = tokenizer_of(byte_level_vocabulary({"a b", "Ġ ab", "b Ġ"}));
  EXPECT_EQ(split(*t, "ab ab ab"), (Pieces{"ab", "Ġab", "Ġab"}));
  EXPECT_EQ(split(*t, "a1b"), (Pieces{"a", "1", "b"}));
}

// The definition: while two neighbours are a pair of the list, join those of the earliest entry, the leftmost first.
Pieces merge_by_definition(Pieces symbols, const std::map<std::pair<std::string, std::string>, size_t>& ranks) {
  for (;;) {
    size_t best = symbols.size(), best_rank = ~size_t{0};
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto it = ranks.find({symbols[i], symbols[i + 1]});
      if (it == ranks.end() || it->second >= best_rank) continue;
      best = i;
      best_rank = it->second;
    }
    if (best == symbols.size()) return symbols;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(BytePair, IsTheDefinitionOnRandomLists) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    uint64_t counter = 0;
    const auto draw = [&](uint64_t n) { return random_bits(seed, counter++) % n; };
    Pieces parts{"a", "b", "c"}, merges;
    std::map<std::pair<std::string, std::string>, size_t> ranks;
    for (int i = 0; i < 25; ++i) {
      const std::string left = parts[draw(parts.size())], right = parts[draw(parts.size())];
      ranks.emplace(std::pair(left, right), merges.size());
      merges.push_back(left + " " + right);
      if (left.size() + right.size() < 7) parts.push_back(left + right);
    }
    const auto t = tokenizer_of(byte_level_vocabulary(merges));
    for (int sample = 0; sample < 3; ++sample) {
      std::string text;
      Pieces symbols;
      for (int i = 0; i < 80; ++i) {
        text += static_cast<char>('a' + draw(3));
        symbols.emplace_back(1, text.back());
      }
      ASSERT_EQ(split(*t, text), merge_by_definition(symbols, ranks)) << "seed " << seed << " text " << text;
    }
  }
}

TEST(BytePair, AWordThatIsATokenIsNotMergedWhereTheVocabularySaysSo) {
  const std::vector<Piece> word = {{"abc"}};
  EXPECT_EQ(split(*tokenizer_of(byte_level_vocabulary({"b c"}, word, "llama-bpe")), "abc"), (Pieces{"abc"}));
  EXPECT_EQ(split(*tokenizer_of(byte_level_vocabulary({"b c"}, word, "dbrx")), "abc"), (Pieces{"a", "bc"}));
  Metadata m = byte_level_vocabulary({"b c"}, word, "llama-bpe");
  m.set("tokenizer.tritium.ignore_merges", false);
  EXPECT_EQ(split(*tokenizer_of(m), "abc"), (Pieces{"a", "bc"}));
}

TEST(BytePair, ASymbolThatIsNoTokenIsItsBytesAndAByteWithoutATokenIsNothing) {
  Metadata m = byte_level_vocabulary({"a b", "ab c"});
  auto tokens = *m.texts("tokenizer.ggml.tokens");
  tokens[256] = "<gone>";  // "ab"
  tokens['c'] = "<c>";
  m.set("tokenizer.ggml.tokens", tokens);
  const auto t = tokenizer_of(m);
  EXPECT_EQ(split(*t, "ab"), (Pieces{"a", "b"}));
  EXPECT_EQ(split(*t, "abc"), (Pieces{"abc"}));
  EXPECT_EQ(split(*t, "cab"), (Pieces{"a", "b"}));
}

TEST(BytePair, OfEqualTokensTheLastOneCountsAndOfEqualMergesTheFirst) {
  const auto t = tokenizer_of(byte_level_vocabulary({"a b", "b c", "a b"}, {{"a"}}));
  EXPECT_EQ(t->encode("abc"), (Ids{258, 'c'}));  // the token of the second "a b"
  EXPECT_EQ(t->encode("a"), (Ids{259}));
}

TEST(BytePair, TextOfAUserNeverBecomesAControlToken) {
  const std::vector<Piece> marks = {{"<|end|>", 0, kControl}, {"bc", 0, kControl}};
  for (const char* pre : {"llama-bpe", "qwen2"}) {
    Metadata m = byte_level_vocabulary({"b c", "a bc"}, marks, pre);
    EXPECT_EQ(tokenizer_of(m)->encode("bc"), (Ids{256})) << pre;  // another token that is written so
    auto kinds = *m.integers("tokenizer.ggml.token_type");
    kinds[257] = kControl;  // "abc"
    m.set("tokenizer.ggml.token_type", kinds);
    const auto t = tokenizer_of(m);
    EXPECT_EQ(t->encode("abc"), (Ids{'a', 'b', 'c'})) << pre;
    for (const int32_t id : t->encode("x<|end|>abc")) EXPECT_LT(id, 256) << pre;
    EXPECT_EQ(t->encode("x<|end|>", {.parse_special = true}), (Ids{'x', 258})) << pre;
  }
}

TEST(BytePair, UserDefinedTokensAreFoundInEveryTextTheLongestOneFirst) {
  const std::vector<Piece> marks = {{"<t>", 0, kUserDefined}, {"aa<t>b", 0, kUserDefined}, {"xaa", 0, kUserDefined}};
  const auto t = tokenizer_of(byte_level_vocabulary({}, marks));
  EXPECT_EQ(t->encode("b<t>"), (Ids{'b', 256}));
  EXPECT_EQ(t->encode("xaa<t>b"), (Ids{'x', 257}));  // although "xaa" begins before it
  EXPECT_EQ(t->encode("xaa<t>"), (Ids{258, 256}));
}

TEST(BytePair, TheFirstTokenIsAddedAsTheKeyOrTheNameSays) {
  const std::vector<Piece> bos = {{"<s>", 0, kControl}};
  const auto ids = [&](const char* pre, std::optional<bool> key, const EncodeOptions& options = {}) {
    Metadata m = byte_level_vocabulary({}, bos, pre);
    m.set("tokenizer.ggml.bos_token_id", int64_t{256});
    if (key) m.set("tokenizer.ggml.add_bos_token", *key);
    return tokenizer_of(m)->encode("a", options);
  };
  EXPECT_EQ(ids("llama-bpe", {}), (Ids{256, 'a'}));
  EXPECT_EQ(ids("falcon_e", {}), (Ids{256, 'a'}));
  EXPECT_EQ(ids("llama-bpe", false), (Ids{'a'}));
  EXPECT_EQ(ids("qwen2", {}), (Ids{'a'}));
  EXPECT_EQ(ids("qwen2", true), (Ids{256, 'a'}));
  EXPECT_EQ(ids("qwen2", true, {.add_bos = false}), (Ids{'a'}));
  EXPECT_EQ(ids("qwen2", {}, {.add_bos = true}), (Ids{256, 'a'}));
}

TEST(BytePair, AFirstTokenThatIsWrittenInTheTextIsNotAddedAgain) {
  Metadata m = byte_level_vocabulary({}, {{"<s>", 0, kControl}, {"</s>", 0, kControl}}, "llama-bpe");
  m.set("tokenizer.ggml.bos_token_id", int64_t{256});
  m.set("tokenizer.ggml.eos_token_id", int64_t{257});
  m.set("tokenizer.ggml.add_eos_token", true);
  const auto t = tokenizer_of(m);
  EXPECT_EQ(t->encode("<s>a", {.parse_special = true}), (Ids{256, 'a'}));
  EXPECT_EQ(t->encode("a<s>", {.parse_special = true}), (Ids{256, 'a', 256}));
  EXPECT_EQ(t->encode("<s>a", {.parse_special = true, .bos_once = false}), (Ids{256, 256, 'a'}));
  EXPECT_EQ(t->encode("<s>").front(), 256);
  EXPECT_EQ(t->encode("a", {.add_eos = true}), (Ids{256, 'a', 257}));
}

TEST(BytePair, AMissingNameIsTheDefaultWithAWarningUnlessTheSizeSaysWhatItIs) {
  Metadata m = byte_level_vocabulary({}, {}, "");
  EXPECT_EQ(tokenizer_of(m)->warnings(),
            (Pieces{"key tokenizer.ggml.pre is missing: text is split as by \"default\"; choose another way with --pre "
                    "NAME"}));
  EXPECT_TRUE((*Tokenizer::from_metadata(m, {.pre = "qwen2"}))->warnings().empty());
  auto tokens = *m.texts("tokenizer.ggml.tokens");
  while (tokens.size() < 128256) tokens.push_back("[" + std::to_string(tokens.size()) + "]");
  tokens[128255] = "'RE";
  m.set("tokenizer.ggml.tokens", tokens);
  m.set("tokenizer.ggml.token_type", std::vector<int64_t>(tokens.size(), 1));
  const auto t = tokenizer_of(m);
  EXPECT_TRUE(t->warnings().empty());
  EXPECT_EQ(t->encode("'RE"), (Ids{128255}));  // one word, which is a token, of llama-bpe
}

TEST(BytePair, AnUnknownNameIsRefusedWithThoseThatAreKnown) {
  const Metadata m = byte_level_vocabulary({}, {}, "no-such-way");
  const auto refused = Tokenizer::from_metadata(m);
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_TRUE(refused.message().starts_with(
      "key tokenizer.ggml.pre is \"no-such-way\", a way to split text that is not known here; choose one with --pre "
      "NAME: llama-bpe, llama3, "))
      << refused.message();
  EXPECT_TRUE(Tokenizer::from_metadata(m, {.pre = "llama-bpe"}).ok());
  const auto unknown = Tokenizer::from_metadata(m, {.pre = "qwen-2"});
  EXPECT_EQ(unknown.code(), StatusCode::invalid_argument);
  EXPECT_TRUE(unknown.message().starts_with("--pre is \"qwen-2\", a way")) << unknown.message();
}

TEST(BytePair, ListsThatAreMissingOrBrokenAreSaid) {
  Metadata m = byte_level_vocabulary({"a b", "ab", "c ", ""});
  EXPECT_EQ(tokenizer_of(m)->warnings(),
            (Pieces{"key tokenizer.ggml.merges: 3 of 4 entries are not two parts with a space between them, and are "
                    "ignored"}));
  m.set("tokenizer.ggml.merges", int64_t{1});
  EXPECT_EQ(Tokenizer::from_metadata(m).message(), "key tokenizer.ggml.merges is missing or no array of texts");
  EXPECT_TRUE(Tokenizer::from_metadata(byte_level_vocabulary({})).ok());
}

TEST(BytePair, AnyBytesComeBackFromTheirTokens) {
  for (const char* pre : {"llama-bpe", "default", "deepseek-llm", "deepseek-v3", "gpt-4o"}) {
    const auto t = tokenizer_of(byte_level_vocabulary({"a b", "Ġ a", "Ã ¤"}, {}, pre));
    for (uint64_t seed = 1; seed <= 500; ++seed) {
      std::string text;
      const char alphabet[] = {'a', 'b', ' ', '\xC3', '\xA4', '\xE2', '\x80', '\xFF', '\0', '1', '\n', '\'', 's'};
      for (uint64_t i = 0; i < seed % 40; ++i) text += alphabet[random_bits(seed, i) % sizeof alphabet];
      std::string bytes;
      for (const int32_t id : t->encode(text)) bytes += t->bytes_of(id);
      ASSERT_EQ(bytes, text) << pre << " seed " << seed;
    }
  }
}

TEST(BytePair, EqualCharactersTakeLittleMoreThanProportionalTime) {
  Pieces merges;
  for (const char* one : {"a", "Ġ", "1", "Ċ", "!"})
    for (std::string part = one; part.size() < 600; part += part) merges.push_back(part + " " + part);
  for (const KnownPreTokenizer& row : known_pre_tokenizers()) {
    const auto t = tokenizer_of(byte_level_vocabulary(merges, {}, std::string(row.names[0])));
    for (const char* end : {"", "z"})
      for (const char c : {'a', ' ', '1'}) {
        const std::string text = std::string(100'000, c) + end;
        const auto start = std::chrono::steady_clock::now();
        const Ids ids = t->encode(text);
        EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 10)
            << row.names[0] << " " << int{c};
        size_t bytes = 0;
        for (const int32_t id : ids) bytes += t->bytes_of(id).size();
        EXPECT_EQ(bytes, text.size());
      }
  }
}

TEST(BytePair, TokensStandForTheirBytesByTheirKind) {
  const auto t = tokenizer_of(byte_level_vocabulary(
      {"Ġ a"},
      {{"<think>", 0, kUserDefined}, {"<|x|>", 0, kControl}, {"[PAD3]", 0, kUnused}, {"<0x0A>", 0, kByte}, {"中"}}));
  EXPECT_EQ(t->bytes_of(256), " a");
  EXPECT_EQ(t->bytes_of('\n'), "\n");
  EXPECT_EQ(t->bytes_of(257), "<think>");
  for (const int32_t silent : {258, 259, 260, 262}) EXPECT_EQ(t->bytes_of(silent), "") << silent;
  EXPECT_EQ(t->bytes_of(261), "中");
  EXPECT_EQ(t->decode(Ids{256, 258, 257}), " a<think>");
  EXPECT_EQ(t->decode(Ids{256, 258, 257}, true), " a<|x|><think>");
  EXPECT_TRUE(t->sampleable(258));
  for (const int32_t never : {-1, 259, 262}) EXPECT_FALSE(t->sampleable(never)) << never;
}

TEST(BytePair, StreamsWholeCharacters) {
  const auto t = tokenizer_of(byte_level_vocabulary({}));
  StreamingDetokenizer stream(*t);
  EXPECT_EQ(stream.push(' '), " ");
  EXPECT_EQ(stream.push(0xE4), "");
  EXPECT_EQ(stream.push(0xB8), "");
  EXPECT_EQ(stream.push(0xAD), "中");
  EXPECT_EQ(stream.push(0xF0), "");
  EXPECT_EQ(stream.flush(), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace tritium
