// The tokenizer against token ids from another implementation, and on real text.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "base/json.h"
#include "format/gguf.h"
#include "tests/support/shared_material.h"
#include "text/pre_tokenizer_names.h"
#include "text/streaming_detokenizer.h"
#include "text/tokenizer.h"

namespace tritium {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Null where the material is not there.
std::shared_ptr<const Tokenizer> shared_tokenizer(const std::string& name) {
  const auto path = shared_file(name);
  if (!path) return nullptr;
  const auto file = open_gguf(path->string(), {});
  EXPECT_TRUE(file.ok()) << file.message();
  auto tokenizer = Tokenizer::from_metadata((*file)->metadata());
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.message();
  return *tokenizer;
}

struct Sample {
  std::string text;
  std::vector<int32_t> ids;
};

std::vector<Sample> samples(const std::string& vocabulary) {
  const std::string separator = "\n__ggml_vocab_test__\n";
  const std::string texts = read(*shared_file(vocabulary + ".inp"));
  std::istringstream ids(read(*shared_file(vocabulary + ".out")));
  std::vector<Sample> result;
  for (size_t at = 0; at < texts.size();) {
    const size_t end = std::min(texts.find(separator, at), texts.size());
    Sample sample{.text = texts.substr(at, end - at), .ids = {}};
    std::string line;
    std::getline(ids, line);
    std::istringstream numbers(line);
    for (int32_t id; numbers >> id;) sample.ids.push_back(id);
    result.push_back(std::move(sample));
    at = end + separator.size();
  }
  return result;
}

constexpr const char* kVocabularies[] = {"llama-spm", "llama-bpe", "qwen2", "gpt-2", "falcon", "starcoder", "mpt"};

TEST(RealVocabulary, GivesTheIdsOfAnotherImplementation) {
  for (const std::string short_name : kVocabularies) {
    const std::string name = "tokenizers/ggml-vocab-" + short_name + ".gguf";
    const auto t = shared_tokenizer(name);
    if (!t) GTEST_SKIP() << kNoSharedMaterial;
    const std::vector<Sample> all = samples(name);
    EXPECT_EQ(all.size(), 46u);
    for (const Sample& s : all) EXPECT_EQ(t->encode(s.text, {.add_bos = false}), s.ids) << short_name << ": " << s.text;
  }
}

std::vector<int32_t> ids_in(const Json& list) {
  std::vector<int32_t> ids;
  for (const Json& id : *list.array()) ids.push_back(static_cast<int32_t>(*id.integer()));
  return ids;
}

TEST(RealVocabulary, FindsSpecialTokensAndSplitsAsAnotherImplementation) {
  const auto path = shared_file("tokenizers/cases.json");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const Result<Json> cases = parse_json(read(*path));
  ASSERT_TRUE(cases.ok()) << cases.message();
  const Json::Array& texts = *cases->find("texts")->array();
  size_t compared = 0;
  for (const auto& [name, ids] : *cases->find("vocabularies")->object()) {
    const auto t = shared_tokenizer("tokenizers/" + name);
    ASSERT_TRUE(t) << name;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string& text = *texts[i].text();
      const Json& plain = (*ids.find("ids")->array())[i];
      const Json& special = (*ids.find("ids_special")->array())[i];
      EXPECT_EQ(t->encode(text, {.add_bos = false}), ids_in(plain)) << name << ": " << text;
      EXPECT_EQ(t->encode(text, {.add_bos = false, .parse_special = true}), ids_in(special.is_null() ? plain : special))
          << name << ": " << text;
      compared += 2;
    }
  }
  EXPECT_EQ(compared, 4428u);
}

// The table as it is written there: line ends and quotes may stand for themselves.
std::string as_here(std::string pattern) {
  const std::pair<std::string, std::string> rules[] = {{"\r", "\\r"}, {"\n", "\\n"}, {"\\\"", "\""}};
  for (const auto& [from, to] : rules)
    for (size_t at = pattern.find(from); at != pattern.npos; at = pattern.find(from, at + to.size()))
      pattern.replace(at, from.size(), to);
  return pattern;
}

TEST(RealVocabulary, NamesStandForTheExpressionsThatWereChecked) {
  const auto path = shared_file("tokenizers/patterns.json");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  const Result<Json> tree = parse_json(read(*path));
  ASSERT_TRUE(tree.ok()) << tree.message();
  for (const Json& rule : *tree->find("rules")->array())
    for (const Json& name : *rule.find("pre")->array()) {
      const KnownPreTokenizer* known = find_pre_tokenizer(*name.text());
      ASSERT_TRUE(known) << *name.text();
      EXPECT_EQ(known->ignore_merges, *rule.find("ignore_merges")->boolean()) << *name.text();
      EXPECT_EQ(known->add_bos, *rule.find("add_bos")->boolean()) << *name.text();
      const Json::Array& patterns = *rule.find("patterns")->array();
      for (size_t i = 0; i < known->patterns.size(); ++i)
        EXPECT_EQ(known->patterns[i], i < patterns.size() ? as_here(*patterns[i].text()) : "") << *name.text();
    }
}

TEST(RealVocabulary, DecodesToTheText) {
  for (const std::string short_name : kVocabularies) {
    const std::string name = "tokenizers/ggml-vocab-" + short_name + ".gguf";
    const auto t = shared_tokenizer(name);
    if (!t) GTEST_SKIP() << kNoSharedMaterial;
    for (const Sample& s : samples(name)) EXPECT_EQ(t->decode(t->encode(s.text)), s.text) << short_name;
  }
}

TEST(RealVocabulary, ABookComesBackWordForWord) {
  const auto book = shared_file("data/tinyshakespeare.txt");
  for (const char* name : {"tokenizers/ggml-vocab-llama-spm.gguf", "tokenizers/ggml-vocab-llama-bpe.gguf",
                           "tokenizers/ggml-vocab-qwen2.gguf", "models/tinystories-bitnet-3m.tq2_0.gguf"}) {
    const auto t = shared_tokenizer(name);
    if (!t || !book) GTEST_SKIP() << kNoSharedMaterial;
    const std::string text = read(*book);
    const std::vector<int32_t> ids = t->encode(text);
    EXPECT_LT(ids.size(), text.size());
    EXPECT_TRUE(t->decode(ids) == text) << name;
  }
}

}  // namespace
}  // namespace tritium
