// The tokenizer against token ids from another implementation, and on real text.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "format/gguf.h"
#include "tests/support/shared_material.h"
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

TEST(RealVocabulary, GivesTheIdsOfAnotherImplementation) {
  const std::string name = "tokenizers/ggml-vocab-llama-spm.gguf";
  const auto t = shared_tokenizer(name);
  if (!t) GTEST_SKIP() << kNoSharedMaterial;
  const std::vector<Sample> all = samples(name);
  EXPECT_EQ(all.size(), 46u);
  for (const Sample& s : all) EXPECT_EQ(t->encode(s.text, {.add_bos = false}), s.ids) << s.text;
}

TEST(RealVocabulary, DecodesToTheText) {
  const std::string name = "tokenizers/ggml-vocab-llama-spm.gguf";
  const auto t = shared_tokenizer(name);
  if (!t) GTEST_SKIP() << kNoSharedMaterial;
  for (const Sample& s : samples(name)) EXPECT_EQ(t->decode(t->encode(s.text)), s.text);
}

TEST(RealVocabulary, ABookComesBackWordForWord) {
  const auto book = shared_file("data/tinyshakespeare.txt");
  for (const char* name : {"tokenizers/ggml-vocab-llama-spm.gguf", "models/tinystories-bitnet-3m.tq2_0.gguf"}) {
    const auto t = shared_tokenizer(name);
    if (!t || !book) GTEST_SKIP() << kNoSharedMaterial;
    const std::string text = read(*book);
    const std::vector<int32_t> ids = t->encode(text);
    EXPECT_LT(ids.size(), text.size());
    EXPECT_TRUE(t->decode(ids) == text) << name;
  }
}

TEST(RealVocabulary, OtherKindsAreRefusedByName) {
  for (const char* name : {"falcon", "gpt-2", "starcoder"}) {
    const auto path = shared_file(std::string("tokenizers/ggml-vocab-") + name + ".gguf");
    if (!path) GTEST_SKIP() << kNoSharedMaterial;
    const auto file = open_gguf(path->string(), {});
    ASSERT_TRUE(file.ok()) << file.message();
    const auto refused = Tokenizer::from_metadata((*file)->metadata());
    EXPECT_EQ(refused.code(), StatusCode::unsupported);
    EXPECT_EQ(refused.message(), "tokenizer \"gpt2\" is not supported; supported: llama (SentencePiece BPE)");
  }
}

}  // namespace
}  // namespace tritium
