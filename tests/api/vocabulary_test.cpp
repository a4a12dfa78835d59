// Vocabularies without models, and models whose table has more rows than their vocabulary has tokens.
#include "tritium/vocabulary.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "format/codec.h"
#include "format/gguf.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "tests/text/small_byte_vocabulary.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

using Ids = std::vector<int32_t>;

// 256 bytes, "ab", then <s> and <gone>.
Metadata vocabulary_keys(const std::string& pre = "llama-bpe") {
  Metadata m = byte_level_vocabulary({"a b"}, {{"<s>", 0, kControl}, {"<gone>", 0, kUnused}}, pre);
  m.set("tokenizer.ggml.bos_token_id", int64_t{257});
  return m;
}

class Vocabularies : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return path(name);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(Vocabularies, AFileWithoutTensorsIsEnough) {
  Metadata m = vocabulary_keys();
  m.set("general.architecture", std::string("llama"));
  ASSERT_TRUE(write_gguf(path("vocabulary.gguf"), m, {}).ok());
  const Result<Vocabulary> v = Vocabulary::open(path("vocabulary.gguf"));
  ASSERT_TRUE(v.ok()) << v.message();
  EXPECT_EQ(v->size(), 259);
  EXPECT_EQ(*v->tokenize("ab<s>"), (Ids{256, '<', 's', '>'}));
  EXPECT_EQ(*v->tokenize("ab<s>", {.parse_special = true, .add_ends = true}), (Ids{257, 256, 257}));
  EXPECT_EQ(*v->detokenize(Ids{257, 256}), "ab");
  EXPECT_EQ(*v->detokenize(Ids{257, 256}, true), "<s>ab");
  EXPECT_EQ(v->detokenize(Ids{1, 259}).message(), "token 1 is 259, the vocabulary has ids 0 to 258");
}

TEST_F(Vocabularies, AFolderOrItsTokenizerFileIsEnough) {
  const std::string tokenizer = R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "added_tokens": [{"id": 3, "content": "<s>", "special": true}]})";
  const std::string file = write("folder/tokenizer.json", tokenizer);
  write("folder/tokenizer_config.json", R"({"bos_token": "<s>", "add_bos_token": true})");
  for (const std::string& place : {file, path("folder")}) {
    const Result<Vocabulary> v = Vocabulary::open(place);
    ASSERT_TRUE(v.ok()) << v.message();
    EXPECT_EQ(*v->tokenize("ab", {.add_ends = true}), (Ids{3, 2})) << place;
  }
  write("other/config.json", "{}");
  EXPECT_EQ(Vocabulary::open(path("other")).code(), StatusCode::not_found);
  EXPECT_EQ(Vocabulary::open(path("none.gguf")).code(), StatusCode::not_found);
  const std::string broken = write("broken/tokenizer.json", "{\"model\": 1}");
  EXPECT_EQ(Vocabulary::open(broken).message(), path("broken") + ": tokenizer.json: model is missing or no object");
}

TEST_F(Vocabularies, AnUnknownWayToSplitTextIsRefusedUntilOneIsChosen) {
  Metadata m = vocabulary_keys("no-such-way");
  m.set("general.architecture", std::string("llama"));
  ASSERT_TRUE(write_gguf(path("v.gguf"), m, {}).ok());
  const Result<Vocabulary> refused = Vocabulary::open(path("v.gguf"));
  EXPECT_EQ(refused.code(), StatusCode::unsupported);
  EXPECT_NE(refused.message().find("\"no-such-way\""), std::string::npos) << refused.message();
  EXPECT_TRUE(Vocabulary::open(path("v.gguf"), {.pre = "qwen2"}).ok());
}

// A model of `rows` tokens with the vocabulary above.
std::string write_model(const std::string& path, int64_t rows, const std::string& pre = "llama-bpe") {
  MemoryTensorMap map = random_model({.vocab_size = rows, .ternary = false});
  const Metadata keys = vocabulary_keys(pre);
  for (const auto& [key, value] : keys.values()) map.mutable_metadata().set(key, value);
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : map.tensors())
    tensors.push_back({.name = info.name,
                       .type = StorageType::f32,
                       .shape = info.shape,
                       .bytes = *encode_f32(*map.load_f32(info.name), info.shape, StorageType::f32)});
  EXPECT_TRUE(write_gguf(path, map.metadata(), tensors).ok());
  return path;
}

TEST_F(Vocabularies, RowsThatAreNoTokensAreNeverSampled) {
  constexpr int64_t kRows = 2048;  // nearly all of them beyond the vocabulary
  const std::string file = write_model(path("padded.gguf"), kRows);
  for (const char* backend : {"reference", "cpu"}) {
    const Result<Runtime> runtime = Runtime::create({.backend = backend});
    const Result<Model> model = runtime->load(file);
    ASSERT_TRUE(model.ok()) << model.message();
    ASSERT_TRUE(model->info().has_tokenizer) << model->info().tokenizer_problem;
    for (const float temperature : {0.0f, 1.0f, 1000.0f}) {
      Result<Session> session = model->create_session();
      const SamplerOptions sampler = {.temperature = temperature, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 1};
      const Result<Generation> g =
          session->generate(Ids{'a'}, {.max_tokens = 40, .sampler = sampler, .stop_at_end = false});
      ASSERT_TRUE(g.ok()) << g.message();
      EXPECT_EQ(g->tokens.size(), 40u);
      for (const int32_t id : g->tokens) EXPECT_LT(id, 258) << backend << " at " << temperature;
    }
  }
}

TEST_F(Vocabularies, TheMostProbableTokenIsThatOfTheVocabulary) {
  const Result<Model> model = Runtime::create({.backend = "cpu"})->load(write_model(path("padded.gguf"), 2048));
  ASSERT_TRUE(model.ok()) << model.message();
  Result<Session> session = model->create_session(), other = model->create_session();
  const Result<Generation> g = session->generate(Ids{'a'}, {.max_tokens = 5, .sampler = {.temperature = 0}});
  ASSERT_TRUE(g.ok()) << g.message();
  Ids tokens = {'a'}, expected;
  for (size_t i = 0; i < 5; ++i) {
    const auto logits = *other->evaluate(tokens);
    tokens = {static_cast<int32_t>(std::max_element(logits.begin(), logits.begin() + 258) - logits.begin())};
    expected.push_back(tokens[0]);
  }
  EXPECT_EQ(g->tokens, expected);
}

TEST_F(Vocabularies, AModelTakesTheWayToSplitTextThatIsChosen) {
  const std::string file = write_model(path("m.gguf"), 300, "no-such-way");
  const Result<Runtime> runtime = Runtime::create({.backend = "reference"});
  const Result<Model> refused = runtime->load(file);
  ASSERT_TRUE(refused.ok()) << refused.message();
  EXPECT_FALSE(refused->info().has_tokenizer);
  EXPECT_NE(refused->tokenize("a").message().find("choose one with --pre NAME"), std::string::npos);
  const Result<Model> chosen = runtime->load(file, {.tokenizer_pre = "llama-bpe"});
  EXPECT_EQ(*chosen->tokenize("ab"), (Ids{257, 256}));
}

}  // namespace
}  // namespace tritium
