// LoRA adapters beside weights that stay as they are: what learns, and what the files of it hold.
#include <filesystem>

#include "format/gguf.h"
#include "model/adapters.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"

namespace tritium {
namespace {

using training::BitLinear;

training::Recipe lora_recipe() {
  training::Recipe recipe;
  recipe.attention = recipe.feed_forward = WeightMode::lora;
  recipe.embedding = recipe.head = recipe.norms = recipe.routers = WeightMode::frozen;
  recipe.lora_rank = 4;
  return recipe;
}

class Lora : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    backend = training_backend(GetParam());
    if (!backend) GTEST_SKIP() << GetParam() << " cannot run here";
  }
  // A model file with trits, as a fine-tune finds it.
  std::unique_ptr<TensorMap> write_base(const char* description, ExportType type) {
    TrainingModel m(training_backend("reference"), description, {});
    const Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 3);
    EXPECT_TRUE(map.ok());
    metadata = map->metadata();
    const Result<training::Exported> written = training::export_model(
        {folder.file("base.gguf")}, m.ops, m.workspace, *m.model, metadata, type, std::span(m.inputs).first(6));
    EXPECT_TRUE(written.ok()) << written.message();
    Result<std::unique_ptr<TensorMap>> file = open_gguf(folder.file("base.gguf"), {});
    EXPECT_TRUE(file.ok()) << file.message();
    return *std::move(file);
  }
  std::unique_ptr<Backend> backend;
  TemporaryFolder folder;
  Metadata metadata;
};
INSTANTIATE_TEST_SUITE_P(Backends, Lora, ::testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Lora, ChangesNothingBeforeTheFirstStepAndLearnsThen) {
  const std::unique_ptr<TensorMap> base = write_base(kTinyMoe, ExportType::i2_s);
  TrainingModel plain(training_backend(GetParam()), *base, {});
  TrainingModel m(std::move(backend), *base, lora_recipe());
  const double before = m.loss(false);
  EXPECT_EQ(before, plain.loss(false));
  const std::vector<float> trits = *m.parameter("blk.0.ffn_up_exps.weight").values(*m.backend);
  for (int64_t step = 1; step <= 20; ++step) m.step(step);
  EXPECT_LT(m.loss(false), 0.8 * before);
  EXPECT_EQ(*m.parameter("blk.0.ffn_up_exps.weight").values(*m.backend), trits);
}

TEST_P(Lora, TheAdapterFileGivesTheTrainersLogits) {
  // Beside trits, and beside the dense weights of an F16 file.
  for (const auto& [description, type] : {std::pair{kTinyMoe, ExportType::i2_s}, {kTinyDense, ExportType::f16}}) {
    const std::unique_ptr<TensorMap> base = write_base(description, type);
    TrainingModel m(training_backend(GetParam()), *base, lora_recipe());
    for (int64_t step = 1; step <= 3; ++step) m.step(step);
    EXPECT_TRUE(training::exports_adapter(*m.model, ExportType::automatic));
    const Result<training::Exported> exported =
        training::export_adapter({folder.file("adapter.gguf")}, folder.file("base.gguf"), m.ops, m.workspace, *m.model,
                                 std::span(m.inputs).first(6));
    ASSERT_TRUE(exported.ok()) << exported.message();
    EXPECT_EQ(*training::export_bytes(*m.model, metadata, ExportType::automatic),
              std::filesystem::file_size(folder.file("adapter.gguf")));
    EXPECT_LE(exported->largest_difference, 1e-5);
  }
}

TEST_P(Lora, TheMergedFileGivesTheTrainersLogits) {
  const std::unique_ptr<TensorMap> base = write_base(kTinyMoe, ExportType::i2_s);
  training::Recipe mixed = lora_recipe();
  mixed.feed_forward = WeightMode::ternary;
  for (const auto& [recipe, type] :
       {std::pair{lora_recipe(), ExportType::f16}, {mixed, ExportType::f16}, {mixed, ExportType::i2_s}}) {
    TrainingModel m(training_backend(GetParam()), *base, recipe);
    for (int64_t step = 1; step <= 3; ++step) m.step(step);
    const Result<training::Exported> exported = training::export_model(
        {folder.file("merged.gguf")}, m.ops, m.workspace, *m.model, metadata, type, std::span(m.inputs).first(6));
    ASSERT_TRUE(exported.ok()) << exported.message();
    EXPECT_EQ(*training::export_bytes(*m.model, metadata, type),
              std::filesystem::file_size(folder.file("merged.gguf")));
    EXPECT_LE(exported->largest_difference, 1e-4);
  }
}

TEST(LoraFile, IsRefusedWhereItDoesNotFit) {
  const TemporaryFolder folder;
  TrainingModel m(training_backend("reference"), kTinyMoe, lora_recipe());
  const std::vector<std::byte> bytes(4 * 24 * 4);
  const auto load = [&](const std::string& architecture, const std::string& tensor) {
    Metadata metadata;
    metadata.set("general.architecture", architecture);
    metadata.set("general.type", std::string("adapter"));
    metadata.set("adapter.type", std::string("lora"));
    EXPECT_TRUE(write_gguf(folder.file("a.gguf"), metadata,
                           {{.name = tensor + kLoraA, .type = StorageType::f32, .shape = {4, 24}, .bytes = bytes},
                            {.name = tensor + kLoraB, .type = StorageType::f32, .shape = {24, 4}, .bytes = bytes}})
                    .ok());
    const Result<std::unique_ptr<TensorMap>> file = open_gguf(folder.file("a.gguf"), {});
    EXPECT_TRUE(file.ok()) << file.message();
    Weights weights;
    for (const TensorSpec& spec : tensor_specs(m.config))
      weights.owned.push_back(std::make_unique<FixedParameter>(Weight{.name = spec.name}));
    return load_adapter(**file, m.config, weights, *m.backend).message();
  };
  EXPECT_NE(load("llama", "blk.0.attn_q.weight").find("adapter for llama"), std::string::npos);
  EXPECT_NE(load("qwen3moe", "blk.0.attn_q.weight").find("1 x [24,24]"), std::string::npos);  // it has 32 rows
  EXPECT_NE(load("qwen3moe", "blk.7.attn_q.weight").find("no tensors for this model"), std::string::npos);
  EXPECT_NE(load("qwen3moe", "token_embd.weight").find("not supported"), std::string::npos);
}

TEST(LoraExport, AnAdapterFileIsRefusedWhenMoreThanAdaptersLearns) {
  training::Recipe recipe = lora_recipe();
  recipe.norms = WeightMode::full;
  TrainingModel m(training_backend("reference"), kTinyMoe, recipe);
  EXPECT_FALSE(training::exports_adapter(*m.model, ExportType::automatic));
  const Status status = training::check_export(*m.model, ExportType::adapter, true);
  EXPECT_NE(status.message().find("freeze it"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tritium
