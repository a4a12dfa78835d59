// Options that would have no effect, or a result that could not be written: refused before anything is trained.
#include "format/gguf.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"
#include "train/resume.h"

namespace tritium {
namespace {

using training::Recipe;

constexpr const char* kWide =
    R"({"architecture": "llama", "dim": 256, "layers": 1, "heads": 4, "head_dim": 64, "kv_heads": 1, "ffn": 512, "context": 16, "tied_head": false})";

TrainOptions options_of(const char* description) {
  TrainOptions o;
  o.transformer = description;
  for (int i = 0; i < 100; ++i) o.text += "a mill stood by the river, ";
  o.steps = 1;
  o.context = 16;
  o.batch = 2;
  o.backend = "reference";
  return o;
}

std::string refusal_of(const TrainOptions& o) {
  const Result<TrainReport> report = train(o);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.code(), StatusCode::invalid_argument) << report.message();
  return report.message();
}

TEST(RefusedOptions, ShadowsOfInnerAdaptersHaveNoNoiseAndNoClip) {
  TrainOptions o = options_of(kTinyMoe);
  o.weights = {"blk.0.attn_q.weight=lora_qat"};
  o.noise = 0.1;
  EXPECT_NE(refusal_of(o).find("noise 0 and ste_clip 0"), std::string::npos);
  o.noise = 0;
  o.ste_clip = 1.5;
  EXPECT_NE(refusal_of(o).find("noise 0 and ste_clip 0"), std::string::npos);
}

TEST(RefusedOptions, GptqHasNoGridAmongShadowsOfOneByte) {
  TrainOptions o = options_of(kTinyDense);
  o.feed_forward = WeightMode::int4;
  o.shadow = ShadowPrecision::int8;
  o.gptq = 64;
  EXPECT_NE(refusal_of(o).find("it goes with shadow bf16 or fp32"), std::string::npos);
}

TEST(RefusedOptions, ADenseModelHasNoRouters) {
  TrainOptions o = options_of(kTinyDense);
  o.routers = WeightMode::int8;
  EXPECT_NE(refusal_of(o).find("the model has no experts"), std::string::npos);
}

TEST(RefusedOptions, TypesThatCannotHoldTheScales) {
  const std::unique_ptr<Backend> backend = training_backend("reference");
  const auto check = [](const Recipe& recipe, ExportType type) {
    TrainingModel m(training_backend("reference"), kWide, recipe);
    return training::check_export(*m.model, type, false).message();
  };
  const Recipe plain, rows{.scale_sync = ScaleSync::per_row},
      groups{.scale_sync = ScaleSync::per_group, .group_size = 64};
  EXPECT_EQ(check(plain, ExportType::i2_s), "");
  EXPECT_NE(check(rows, ExportType::i2_s).find("one scale for a tensor"), std::string::npos);
  EXPECT_NE(check(plain, ExportType::stq1_0).find("sparse34"), std::string::npos);
  EXPECT_NE(check(groups, ExportType::tq2_0).find("a scale for 256 columns"), std::string::npos);
  EXPECT_EQ(check(groups, ExportType::q2_0), "");
}

// Trits of a file keep the groups that they came with.
TEST(RefusedOptions, GroupsThatTheTritsOfAFileDoNotHave) {
  TrainingModel m(training_backend("reference"), kWide, {});
  const TemporaryFolder folder;
  const Result<MemoryTensorMap> map = training::make_transformer(kWide, kVocabulary, 3);
  ASSERT_TRUE(training::export_model({folder.file("rows.gguf")}, m.ops, m.workspace, *m.model, map->metadata(),
                                     ExportType::tq2_0, std::span(m.inputs).first(6))
                  .ok());
  const Result<std::unique_ptr<TensorMap>> file = open_gguf(folder.file("rows.gguf"), {});
  ASSERT_TRUE(file.ok());
  const Result<CheckedModel> source = CheckedModel::check(**file);
  ASSERT_TRUE(source.ok());
  const auto create = [&](int64_t group_size) {
    const Recipe recipe{.scale_sync = ScaleSync::per_group, .group_size = group_size};
    return training::Transformer::create(*m.backend, *source, recipe).status().message();
  };
  EXPECT_NE(create(64).find("auto keeps the file's"), std::string::npos);
}

TEST(RefusedOptions, WhatHasLearnedIsNotFrozenWhenARunGoesOn) {
  const TemporaryFolder folder;
  TrainingModel learned(training_backend("reference"), kTinyMoe, {});
  learned.step(1);
  const std::string path = folder.file("run.ckpt");
  ASSERT_TRUE(write_checkpoint(path, *learned.backend, *learned.model, {.step = 1, .options = "{}"}).ok());
  TrainingModel frozen(training_backend("reference"), kTinyMoe, {.routers = WeightMode::frozen});
  const auto state = read_checkpoint(path, *frozen.backend, *frozen.model);
  EXPECT_EQ(state.code(), StatusCode::invalid_argument);
  EXPECT_NE(state.message().find("blk.0.ffn_gate_inp.weight has learned in this run"), std::string::npos)
      << state.message();
}

}  // namespace
}  // namespace tritium
