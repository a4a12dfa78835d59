// Vocabularies of Hugging Face folders against the ids of Hugging Face's own library.
#include <gtest/gtest.h>

#include "base/input_file.h"
#include "base/json.h"
#include "tests/support/shared_material.h"
#include "text/hf_tokenizer.h"
#include "text/tokenizer.h"

namespace tritium {
namespace {

std::optional<std::string> text_in(const std::filesystem::path& folder, const char* name) {
  if (!std::filesystem::exists(folder / name)) return std::nullopt;
  const Result<std::string> text = read_file((folder / name).string());
  EXPECT_TRUE(text.ok()) << text.message();
  return *text;
}

Metadata metadata_of(const std::filesystem::path& folder) {
  const HfTokenizerFiles files = {.tokenizer = text_in(folder, "tokenizer.json").value_or(""),
                                  .tokenizer_config = text_in(folder, "tokenizer_config.json"),
                                  .special_tokens_map = text_in(folder, "special_tokens_map.json"),
                                  .generation_config = text_in(folder, "generation_config.json"),
                                  .config = text_in(folder, "config.json"),
                                  .chat_template = text_in(folder, "chat_template.jinja")};
  Result<Metadata> metadata = hf_tokenizer_metadata(files);
  EXPECT_TRUE(metadata.ok()) << folder << ": " << metadata.message();
  return metadata.ok() ? *metadata : Metadata();
}

std::shared_ptr<const Tokenizer> tokenizer_of(const Metadata& metadata) {
  Result<std::shared_ptr<const Tokenizer>> tokenizer = Tokenizer::from_metadata(metadata);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.message();
  return tokenizer.ok() ? *tokenizer : nullptr;
}

Json json_in(const std::filesystem::path& path) {
  Result<Json> tree = parse_json(*read_file(path.string()));
  EXPECT_TRUE(tree.ok()) << tree.message();
  return *std::move(tree);
}

std::vector<int32_t> ids_in(const Json& list) {
  std::vector<int32_t> ids;
  for (const Json& id : *list.array()) ids.push_back(static_cast<int32_t>(*id.integer()));
  return ids;
}

TEST(RealFolder, GivesTheIdsOfTheOtherLibrary) {
  const auto path = shared_file("hf/expected.json");
  if (!path) GTEST_SKIP() << kNoSharedMaterial;
  size_t folders = 0;
  const Json expected = json_in(*path);
  for (const auto& [name, wanted] : *expected.object()) {
    if (!wanted.find("tokenize")) continue;
    ++folders;
    const auto t = tokenizer_of(metadata_of(path->parent_path() / name));
    ASSERT_TRUE(t) << name;
    EXPECT_EQ(t->vocab_size(), 512) << name;
    EXPECT_TRUE(t->warnings().empty()) << name << ": " << t->warnings()[0];
    for (const Json& sample : *wanted.find("tokenize")->array()) {
      const std::string& text = *sample.find("text")->text();
      EXPECT_EQ(t->encode(text, {.add_bos = false, .parse_special = true}), ids_in(*sample.find("ids")))
          << name << ": " << text;
      EXPECT_EQ(t->encode(text, {.parse_special = true, .bos_once = false, .add_eos = true}),
                ids_in(*sample.find("ids_with_special")))
          << name << ": " << text;
    }
    const Json& chat = *wanted.find("chat");
    EXPECT_EQ(t->encode(*chat.find("text")->text(), {.parse_special = true}), ids_in(*chat.find("ids"))) << name;
  }
  EXPECT_EQ(folders, 6u);
}

TEST(RealFolder, AVocabularyOfFullSizeGivesTheIdsOfTheOtherLibrary) {
  const auto folder = shared_file("tokenizers/hf-qwen3");
  if (!folder) GTEST_SKIP() << kNoSharedMaterial;
  const Metadata metadata = metadata_of(*folder);
  EXPECT_EQ(*metadata.text("tokenizer.ggml.pre"), "qwen2");
  const auto t = tokenizer_of(metadata);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->vocab_size(), 151669);
  const Json expected = json_in(*folder / "expected.json");
  const Json cases = json_in(*shared_file("tokenizers/cases.json"));
  const Json::Array& texts = *cases.find("texts")->array();
  const Json::Array& ids = *expected.find("ids")->array();
  const Json::Array& with_special = *expected.find("ids_with_special")->array();
  ASSERT_EQ(texts.size(), ids.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string& text = *texts[i].text();
    EXPECT_EQ(t->encode(text, {.add_bos = false, .parse_special = true}), ids_in(ids[i])) << text;
    EXPECT_EQ(t->encode(text, {.parse_special = true, .bos_once = false, .add_eos = true}),
              ids_in(with_special[i].is_null() ? ids[i] : with_special[i]))
        << text;
  }
  for (const int32_t id : {151643, 151645}) EXPECT_TRUE(t->ends_generation(id)) << id;
  EXPECT_EQ(t->decode(std::vector<int32_t>{151667, 198, 151645}), "<think>\n");
}

TEST(RealFolder, ItsMetadataIsWhatAFileOfItsModelHolds) {
  const auto folder = shared_file("hf");
  if (!folder) GTEST_SKIP() << kNoSharedMaterial;
  const auto pre = [&](const char* name) { return *metadata_of(*folder / name).text("tokenizer.ggml.pre"); };
  EXPECT_EQ(pre("bitnet-2b4t"), "llama-bpe");
  EXPECT_EQ(pre("falcon-e"), "dbrx");  // the same words, merged even where they are tokens
  EXPECT_EQ(pre("bonsai-qwen3"), "qwen2");
  EXPECT_EQ(pre("olmoe"), "gpt-2");
  const Metadata maple = metadata_of(*folder / "maple-mlx");
  EXPECT_TRUE(maple.text("tokenizer.chat_template")->starts_with("{%- if messages"));
  const auto t = tokenizer_of(maple);
  std::string ends;
  for (int32_t id = 0; id < 512; ++id)
    if (t->ends_generation(id)) ends += std::to_string(id) + " ";
  EXPECT_EQ(ends, "491 493 ");
  EXPECT_EQ(t->piece(511), "[PAD511]");
  EXPECT_FALSE(t->sampleable(511));
  EXPECT_FALSE(t->sampleable(512));
  EXPECT_TRUE(t->sampleable(491));
}

}  // namespace
}  // namespace tritium
