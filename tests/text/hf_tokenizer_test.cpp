// Vocabularies of Hugging Face folders, on small ones made by hand.
#include "text/hf_tokenizer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/text/small_vocabulary.h"
#include "text/byte_characters.h"
#include "text/hf_pipeline.h"
#include "text/pre_tokenizer_names.h"

namespace tritium {
namespace {

using Pieces = std::vector<std::string>;
using Ids = std::vector<int32_t>;

constexpr const char* kByteLevel =
    R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})";

// The bytes, "ab" 256 and "Ġab" 257; further fields of the file, each with a comma before it.
std::string byte_level(const std::string& more, const std::string& pre_tokenizer = kByteLevel,
                       const std::string& merges = R"(["a b", "Ġ ab"])") {
  std::string vocabulary;
  for (int byte = 0; byte < 256; ++byte)
    vocabulary += json_quoted(character_of_byte(static_cast<uint8_t>(byte))) + ":" + std::to_string(byte) + ",";
  return R"({"model": {"type": "BPE", "vocab": {)" + vocabulary + R"("ab": 256, "Ġab": 257}, "merges": )" + merges +
         R"(}, "pre_tokenizer": )" + pre_tokenizer + more + "}";
}

std::string refusal(const HfTokenizerFiles& files) { return hf_tokenizer_metadata(files).message(); }

std::shared_ptr<const Tokenizer> tokenizer_of_files(const HfTokenizerFiles& files) {
  const Result<Metadata> metadata = hf_tokenizer_metadata(files);
  EXPECT_TRUE(metadata.ok()) << metadata.message();
  const auto made = Tokenizer::from_metadata(metadata.ok() ? *metadata : Metadata());
  EXPECT_TRUE(made.ok()) << made.message();
  return made.ok() ? *made : nullptr;
}

TEST(HfTokenizer, AFileAloneIsEnough) {
  const auto t = tokenizer_of_files({.tokenizer = byte_level("")});
  EXPECT_EQ(t->encode("ab ab"), (Ids{256, 257}));
  EXPECT_EQ(t->vocab_size(), 258);
  EXPECT_EQ(t->bos(), -1);
  EXPECT_TRUE(t->warnings().empty());
}

TEST(HfTokenizer, MergesArePairsOrTexts) {
  const auto t = tokenizer_of_files({.tokenizer = byte_level("", kByteLevel, R"([["a", "b"], ["Ġ", "ab"]])")});
  EXPECT_EQ(t->encode("ab ab"), (Ids{256, 257}));
  EXPECT_EQ(refusal({.tokenizer = byte_level("", kByteLevel, R"([["a"]])")}),
            "tokenizer.json: model.merges[0] must be \"a b\" or [\"a\", \"b\"]");
}

TEST(HfTokenizer, AddedTokensAreControlOrUserDefinedWithTheirFlags) {
  const std::string added = R"(, "added_tokens": [
    {"id": 258, "content": "<s>", "special": true}, {"id": 259, "content": "<|user|>", "special": false},
    {"id": 260, "content": "<mask>", "special": false, "lstrip": true, "rstrip": true},
    {"id": 261, "content": "yes", "special": false, "single_word": true}])";
  const auto t = tokenizer_of_files({.tokenizer = byte_level(added)});
  EXPECT_TRUE(t->is_control(258) && t->is_control(259));
  EXPECT_FALSE(t->is_control(260));
  EXPECT_EQ(t->encode("<s>", {.parse_special = true}), (Ids{258}));
  EXPECT_NE(t->encode("<s>"), (Ids{258}));
  EXPECT_EQ(t->encode("a <mask> b"), (Ids{'a', 260, 'b'}));
  EXPECT_EQ(t->encode("yes"), (Ids{261}));
  EXPECT_EQ(t->encode("yes-yes"), (Ids{261, '-', 261}));
  EXPECT_EQ(t->encode("yess"), (Ids{'y', 'e', 's', 's'}));
}

TEST(HfTokenizer, SpecialTokensAreFoundFromTheLeft) {
  const std::string added = R"(, "added_tokens": [{"id": 258, "content": "xaa", "special": false},
    {"id": 259, "content": "aayyy", "special": false}])";
  EXPECT_EQ(tokenizer_of_files({.tokenizer = byte_level(added)})->encode("xaayyy"), (Ids{258, 'y', 'y', 'y'}));
}

TEST(HfTokenizer, WhatStandsAroundATextIsAsTheTemplateAndTheConfigSay) {
  const std::string added = R"(, "added_tokens": [{"id": 258, "content": "<s>", "special": true},
    {"id": 259, "content": "</s>", "special": true}])";
  const std::string post = R"(, "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"},
    {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
     "special_tokens": {"<s>": {"ids": [258]}, "</s>": {"ids": [259]}}}]})";
  const auto ids = [&](const std::string& more, std::optional<std::string> config) {
    return tokenizer_of_files({.tokenizer = byte_level(added + more), .tokenizer_config = std::move(config)})
        ->encode("a", {.add_eos = true});
  };
  EXPECT_EQ(ids("", {}), (Ids{'a'}));
  EXPECT_EQ(ids(post, {}), (Ids{258, 'a', 259}));
  EXPECT_EQ(ids(post, R"({"add_bos_token": false, "add_eos_token": false})"), (Ids{'a'}));
  EXPECT_EQ(ids("", R"({"add_bos_token": true, "bos_token": "<s>"})"), (Ids{258, 'a'}));
  EXPECT_EQ(ids("", R"({"add_eos_token": true, "eos_token": {"content": "</s>"}})"), (Ids{'a', 259}));
  EXPECT_EQ(ids(R"(, "post_processor": {"type": "RobertaProcessing", "cls": ["<s>", 258], "sep": ["</s>", 259]})", {}),
            (Ids{258, 'a', 259}));
  // An end that is not the end of a text.
  EXPECT_EQ(ids(post, R"({"eos_token": "<s>"})"), (Ids{258, 'a', 259}));
}

TEST(HfTokenizer, EndsAreThoseOfEveryFile) {
  const std::string added = R"(, "added_tokens": [{"id": 258, "content": "<e>", "special": true},
    {"id": 259, "content": "<f>", "special": true}, {"id": 260, "content": "<|im_end|>", "special": true},
    {"id": 261, "content": "<g>", "special": true}, {"id": 262, "content": "<h>", "special": true}])";
  const auto t = tokenizer_of_files({.tokenizer = byte_level(added),
                                     .special_tokens_map = R"({"eos_token": {"content": "<e>"}})",
                                     .generation_config = R"({"eos_token_id": [259, 9999, -1]})",
                                     .config = R"({"eos_token_id": 261})"});
  EXPECT_EQ(t->eos(), 258);
  for (const int32_t id : {258, 259, 260, 261}) EXPECT_TRUE(t->ends_generation(id)) << id;
  EXPECT_FALSE(t->ends_generation(262));
  const auto alone = tokenizer_of_files({.tokenizer = byte_level(added), .config = R"({"eos_token_id": [259, 262]})"});
  EXPECT_EQ(alone->eos(), 259);
  EXPECT_TRUE(alone->ends_generation(262));
}

TEST(HfTokenizer, RowsBeyondTheVocabularyAndGapsInItAreUnused) {
  const std::string added = R"(, "added_tokens": [{"id": 260, "content": "<s>", "special": true}])";
  const Result<Metadata> m =
      hf_tokenizer_metadata({.tokenizer = byte_level(added), .config = R"({"vocab_size": 264})"});
  ASSERT_TRUE(m.ok()) << m.message();
  const auto& tokens = *m->texts("tokenizer.ggml.tokens");
  ASSERT_EQ(tokens.size(), 264u);
  EXPECT_EQ(tokens[258], "[PAD258]");
  EXPECT_EQ(tokens[263], "[PAD263]");
  EXPECT_EQ((*m->integers("tokenizer.ggml.token_type"))[263], kUnused);
  EXPECT_EQ((*m->integers("tokenizer.ggml.token_type"))[260], kControl);
}

TEST(HfTokenizer, AnIdFarBeyondTheTokensIsRefused) {
  const std::string added = R"(, "added_tokens": [{"id": 16000000, "content": "<s>", "special": true}])";
  EXPECT_EQ(refusal({.tokenizer = byte_level(added)}),
            "tokenizer.json: there are ids up to 16000000, but 259 tokens: it is damaged");
}

TEST(HfTokenizer, TemplatesOfChatsAreTextsListsOrAFile) {
  const auto value = [&](const HfTokenizerFiles& files, const std::string& key) {
    const Result<Metadata> m = hf_tokenizer_metadata(files);
    const std::string* text = m.ok() ? m->text(key) : nullptr;
    return text ? *text : "none";
  };
  const std::string tokenizer = byte_level("");
  EXPECT_EQ(value({.tokenizer = tokenizer, .tokenizer_config = R"({"chat_template": "T"})"}, "tokenizer.chat_template"),
            "T");
  const std::string list =
      R"({"chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "U"}]})";
  EXPECT_EQ(value({.tokenizer = tokenizer, .tokenizer_config = list}, "tokenizer.chat_template"), "D");
  EXPECT_EQ(value({.tokenizer = tokenizer, .tokenizer_config = list}, "tokenizer.chat_template.tool_use"), "U");
  const HfTokenizerFiles both = {.tokenizer = tokenizer, .tokenizer_config = list, .chat_template = "J"};
  EXPECT_EQ(value(both, "tokenizer.chat_template"), "J");
  EXPECT_EQ(value({.tokenizer = tokenizer}, "tokenizer.chat_template"), "none");
}

TEST(HfTokenizer, TextIsNormalizedBeforeItIsSplitButNotWhereTokensAreFoundAsTheyAre) {
  const std::string more =
      R"(, "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]},
    "added_tokens": [{"id": 258, "content": "AB", "special": false, "normalized": false},
                     {"id": 259, "content": "Xy", "special": false, "normalized": true}])";
  const auto t = tokenizer_of_files({.tokenizer = byte_level(more)});
  EXPECT_EQ(t->encode("e\u0301"), (Ids{0xC3, 0xA9}));
  EXPECT_EQ(t->encode("AB"), (Ids{258}));
  EXPECT_EQ(t->encode("Ab"), (Ids{256}));
  EXPECT_EQ(t->encode("aXYb"), (Ids{'a', 259, 'b'}));
}

TEST(HfTokenizer, ASpaceIsPutBeforeTextWhereByteLevelSaysSo) {
  const auto t =
      tokenizer_of_files({.tokenizer = byte_level("", R"({"type": "ByteLevel", "add_prefix_space": true})")});
  EXPECT_EQ(t->encode("ab"), (Ids{257}));
  EXPECT_EQ(t->encode(" ab"), (Ids{257}));
}

TEST(HfTokenizer, StepsThatSplitTextAreTakenAsTheyAreWritten) {
  const auto t = tokenizer_of_files({.tokenizer = byte_level("", R"({"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "(?i:AB)b?|[^a]"}, "behavior": "Isolated", "invert": false},
      {"type": "Split", "pattern": {"String": "."}, "behavior": "Isolated", "invert": false},
      {"type": "Digits", "individual_digits": true},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})")});
  EXPECT_EQ(t->encode("aab"), (Ids{'a', 256}));
  EXPECT_EQ(t->encode(" ab"), (Ids{' ', 256}));
  EXPECT_TRUE(t->warnings().empty());
}

TEST(HfTokenizer, PreTokenizersAreKnownByTheirExpressions) {
  for (const KnownPreTokenizer& row : known_pre_tokenizers()) {
    Pieces patterns;
    for (const std::string_view p : row.patterns)
      if (!p.empty()) patterns.emplace_back(p);
    EXPECT_EQ(pre_of_patterns(patterns, row.ignore_merges), row.names[0]);
  }
  const std::string rest = R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(pre_of_patterns({"(?i:'s|'t|'re|'ve|'m|'ll|'d)" + rest}, false), "qwen2");
  EXPECT_EQ(pre_of_patterns({"(?i:'s|'t|'re|'ve|'m|'ll|'d)" + rest}, true), "qwen2");
  EXPECT_EQ(pre_of_patterns({"'(?i:[sdmt]|ll|ve|re)" + rest}, false), "qwen2");
  EXPECT_EQ(pre_of_patterns({R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"}, false),
            "gpt-2");
  EXPECT_EQ(pre_of_patterns({"x"}, false), "");
}

// Characters, then what merges make; a byte for each other character.
constexpr const char* kCharacters = R"({"model": {"type": "BPE", "byte_fallback": true, "unk_token": "<unk>", "vocab":
  {"<unk>": 0, "<s>": 1, "<0xC3>": 2, "<0xA4>": 3, "▁": 4, "a": 5, "b": 6, "ab": 7, "▁ab": 8, "ba": 9}, "merges":
  ["a b", "▁ ab"]}, "added_tokens": [{"id": 1, "content": "<s>", "special": true}], )";

TEST(HfTokenizer, VocabulariesOfCharactersAreSentencePiece) {
  const std::string prefix = R"("normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}})";
  const auto t = tokenizer_of_files({.tokenizer = kCharacters + prefix});
  EXPECT_EQ(split(*t, "ab"), (Pieces{"▁ab"}));
  EXPECT_EQ(split(*t, "bab b"), (Pieces{"▁", "b", "ab", "▁", "b"}));  // no merge makes "ba"
  EXPECT_EQ(split(*t, "aä"), (Pieces{"▁", "a", "<0xC3>", "<0xA4>"}));
  EXPECT_EQ(split(*t, " ab"), (Pieces{"▁", "▁ab"}));
  EXPECT_EQ(t->decode(t->encode("ab ab")), "ab ab");

  const std::string gemma = R"("normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false}})";
  EXPECT_EQ(split(*tokenizer_of_files({.tokenizer = kCharacters + gemma}), "ab ab"), (Pieces{"ab", "▁ab"}));

  const std::string first = R"("pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first",
    "split": false}})";
  const auto u = tokenizer_of_files({.tokenizer = kCharacters + first});
  EXPECT_EQ(split(*u, "ab"), (Pieces{"▁ab"}));
  EXPECT_EQ(split(*u, " ab"), (Pieces{"▁ab"}));
  EXPECT_EQ(split(*u, "ab<s>ab", {.parse_special = true}), (Pieces{"▁ab", "<s>", "ab"}));
}

TEST(HfTokenizer, SpacesMayBeginWordsThatAreMergedEachByItself) {
  const std::string vocabulary = R"({"model": {"type": "BPE", "vocab": {"▁": 0, "a": 1, "▁▁": 2, "▁a": 3, "a▁": 4},
    "merges": ["▁ ▁", "a ▁", "▁ a"]}, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", )";
  const auto whole = tokenizer_of_files({.tokenizer = vocabulary + R"("split": false}})"});
  EXPECT_EQ(split(*whole, "a  a a"), (Pieces{"▁a", "▁▁", "a▁", "a"}));
  const auto words = tokenizer_of_files({.tokenizer = vocabulary + R"("split": true}})"});
  EXPECT_EQ(split(*words, "a  a a"), (Pieces{"▁a", "▁", "▁a", "▁a"}));
}

TEST(HfTokenizer, OtherModelsAndStepsAreRefusedByName) {
  EXPECT_EQ(refusal({.tokenizer = R"({"model": {"type": "Unigram", "vocab": []}})"}),
            "tokenizer.json: model.type is \"Unigram\", which is not supported; supported: BPE, of bytes or with "
            "byte_fallback");
  EXPECT_EQ(refusal({.tokenizer = R"({"model": {"type": "WordPiece"}})"}),
            "tokenizer.json: model.type is \"WordPiece\", which is not supported; supported: BPE, of bytes or with "
            "byte_fallback");
  EXPECT_EQ(
      refusal({.tokenizer = byte_level("", R"({"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}]})")}),
      "tokenizer.json: pre_tokenizer.pretokenizers[0].type is \"Whitespace\", which is not supported; supported: "
      "ByteLevel, Split, Digits, Punctuation, Metaspace");
  EXPECT_EQ(refusal({.tokenizer = byte_level(R"(, "normalizer": {"type": "Precompiled"})")}),
            "tokenizer.json: normalizer.type is \"Precompiled\", which is not supported; supported: NFC, NFD, NFKC, "
            "NFKD, Lowercase, StripAccents, Strip, Prepend, Replace");
}

TEST(HfTokenizer, WhatIsWrongIsSaidWithFileAndField) {
  EXPECT_EQ(refusal({.tokenizer = "{}"}), "tokenizer.json: model is missing or no object");
  EXPECT_EQ(refusal({.tokenizer = "[]"}), "tokenizer.json: must be an object, is an array");
  EXPECT_TRUE(refusal({.tokenizer = byte_level(""), .config = "{"}).starts_with("config.json: "));
  const auto model = [](const std::string& fields) {
    return R"({"model": {"type": "BPE", )" + fields + R"(}, "pre_tokenizer": )" + kByteLevel + "}";
  };
  EXPECT_EQ(refusal({.tokenizer = model(R"("vocab": {"a": "b"})")}),
            "tokenizer.json: model.vocab: the id of \"a\" is a string");
  EXPECT_EQ(refusal({.tokenizer = model(R"("vocab": {"a": 99999999999})")}),
            "tokenizer.json: model.vocab has the id 99999999999, which cannot be");
  EXPECT_EQ(refusal({.tokenizer = model(R"("vocab": {})")}), "tokenizer.json: model.vocab is empty");
  EXPECT_EQ(refusal({.tokenizer = model(R"("vocab": {"a": 0})")}),
            "tokenizer.json: model.merges is missing or no array");
  EXPECT_EQ(refusal({.tokenizer = byte_level(R"(, "added_tokens": [{"content": "x"}])")}),
            "tokenizer.json: added_tokens[0].id is missing or no whole number");
}

}  // namespace
}  // namespace tritium
