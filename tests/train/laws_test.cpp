// The laws of ternary training, each on every backend.
#include <cmath>
#include <cstring>
#include <filesystem>

#include "format/gguf.h"
#include "shaders/lib/ternary.h"
#include "tensor/half.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"

namespace tritium {
namespace {

using training::BitLinear;
using training::Recipe;
using training::Transformer;

class Laws : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << "no " << GetParam() << " here";
  }
  TrainingModel model(const std::string& description, const Recipe& recipe,
                      const training::OptimizerOptions& options = {}) {
    return {training_backend(GetParam()), description, recipe, options};
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Laws, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return info.param; });

TernaryMatrix trits_of(TrainingModel& m, const BitLinear& p) {
  const Result<TernaryMatrix> trits = m.backend->download_weight(p.packed);
  EXPECT_TRUE(trits.ok()) << trits.message();
  return *trits;
}

std::vector<float> shadow_of(TrainingModel& m, const BitLinear& p) {
  const Result<std::vector<float>> values = p.values(*m.backend);
  EXPECT_TRUE(values.ok()) << values.message();
  return *values;
}

double mean_magnitude(const std::vector<float>& values) {
  double sum = 0;
  for (float v : values) sum += std::abs(v);
  return sum / static_cast<double>(values.size());
}

// The trits are those of the one quantiser at the stored scale; the scale is the mean magnitude as files store it.
void expect_quantised(TrainingModel& m, const BitLinear& p, double alpha) {
  const TernaryMatrix trits = trits_of(m, p);
  const std::vector<float> shadow = shadow_of(m, p);
  for (int64_t i = 0; i < p.elements(); ++i) {
    const int64_t row = i / p.cols, col = i % p.cols;
    const float scale = trits.scale(row / p.rows, row % p.rows, col);
    ASSERT_NEAR(scale, alpha, 1e-3 * alpha) << p.name;
    ASSERT_EQ(scale, f16_to_f32(f32_to_f16(scale))) << p.name << ": not what a file stores";
    ASSERT_EQ(trits.trit(row / p.rows, row % p.rows, col), shader::ternary_trit(shadow[static_cast<size_t>(i)], scale));
  }
}

TEST_P(Laws, OneQuantiserMakesTheTritsOfEveryStep) {
  TrainingModel m = model(kTinyMoe, {});
  for (int64_t step = 0; step <= 3; ++step) {
    if (step > 0) m.step(step);
    for (const BitLinear* p : m.model->parameters())
      if (p->ternary()) expect_quantised(m, *p, mean_magnitude(shadow_of(m, *p)));
  }
}

TEST_P(Laws, QuantisingWhatWasDequantisedChangesNothing) {
  TrainingModel m = model(kTinyDense, {});
  for (const auto& quantizer : m.model->quantizers()) {
    BitLinear& p = *quantizer->members().front();
    const TernaryMatrix before = trits_of(m, p);
    const std::vector<float> dequantised = before.dequantize();
    const DenseMatrix shadow{
        .n_matrices = p.n_matrices,
        .rows = p.rows,
        .cols = p.cols,
        .dtype = DType::f32,
        .bytes = {std::as_bytes(std::span(dequantised)).begin(), std::as_bytes(std::span(dequantised)).end()}};
    p.shadow = *m.backend->upload_weight(shadow, p.name);
    quantizer->quantize(m.ops);
    ASSERT_TRUE(m.ops.finish().ok());
    const TernaryMatrix after = trits_of(m, p);
    EXPECT_TRUE(std::ranges::equal(before.words(), after.words())) << p.name;
    EXPECT_TRUE(std::ranges::equal(before.scales(), after.scales())) << p.name;
  }
}

// A model with trits and scales of its own in training: its logits before and after it got shadows.
TEST_P(Laws, StartingFromATernaryModelChangesNoOutputBit) {
  for (const char* architecture : {"qwen3moe", "bitnet"}) {
    const bool moe = std::string(architecture) == "qwen3moe";
    const MemoryTensorMap map = random_model({.architecture = architecture, .n_experts = moe ? 4 : 0, .seed = 4});
    const Result<CheckedModel> source = CheckedModel::check(map);
    ASSERT_TRUE(source.ok()) << source.message();
    const std::unique_ptr<Backend> backend = training_backend(GetParam());
    Ops ops(*backend);
    Workspace workspace(*backend);
    const std::vector<int32_t> tokens = {1, 5, 9, 2, 7}, targets(5, -1);
    std::vector<std::vector<float>> logits;
    for (WeightMode mode : {WeightMode::frozen, WeightMode::ternary}) {
      Result<std::unique_ptr<Transformer>> made =
          Transformer::create(*backend, *source, {.attention = mode, .feed_forward = mode});
      ASSERT_TRUE(made.ok()) << made.message();
      training::Optimizer optimizer(ops, **made, {});
      Allocator allocator(*backend);
      optimizer.allocate(allocator);
      ASSERT_TRUE(allocator.ok());
      optimizer.start(workspace, 1.0f);
      logits.push_back((*made)->logits(ops, workspace, {1, 5, tokens, targets}));
      ASSERT_TRUE(ops.finish().ok());
    }
    EXPECT_EQ(logits[0], logits[1]) << architecture;
  }
}

// Its weights were trained with a threshold; that quantiser finds the trits and scales that are there (training notes).
TEST_P(Laws, AMapleStaysAsItIsUntilItsWeightsMove) {
  const MemoryTensorMap map = random_model({.architecture = "maple", .n_experts = 4, .seed = 4});
  const Result<Config> config = read_config(map);
  ASSERT_TRUE(config.ok()) << config.message();
  TrainingModel frozen(training_backend(GetParam()), map,
                       {.attention = WeightMode::frozen, .feed_forward = WeightMode::frozen});
  TrainingModel m(training_backend(GetParam()), map, {});
  const training::TokenBatch batch{2, 6, m.inputs, m.targets};
  EXPECT_EQ(m.model->logits(m.ops, m.workspace, batch), frozen.model->logits(frozen.ops, frozen.workspace, batch));
  std::map<std::string, TernaryMatrix> before;
  for (const BitLinear* p : m.model->parameters())
    if (p->ternary()) before.emplace(p->name, trits_of(m, *p));
  ASSERT_FALSE(before.empty());
  m.step(1, 0.0f);
  for (const BitLinear* p : m.model->parameters()) {
    if (!p->ternary()) continue;
    const TernaryMatrix after = trits_of(m, *p), &was = before.at(p->name);
    EXPECT_TRUE(std::ranges::equal(after.words(), was.words())) << p->name;
    for (size_t i = 0; i < was.scales().size(); ++i)  // to what files store
      ASSERT_EQ(after.scales()[i], f16_to_f32(f32_to_f16(was.scales()[i]))) << p->name;
  }
  m.step(2, 0.05f);
  const BitLinear& p = m.parameter("blk.0.attn_q.weight");
  EXPECT_FALSE(std::ranges::equal(trits_of(m, p).words(), before.at(p.name).words())) << "now they move";
}

TEST_P(Laws, ShadowsOfATernaryMatrixHaveItsScaleAsTheirMeanAndKeepItsCodes) {
  const std::unique_ptr<Backend> backend = training_backend(GetParam());
  TernaryMatrix matrix(2, 5, 37, ScaleGranularity::row);
  for (int64_t i = 0; i < 2 * 5 * 37; ++i)
    matrix.set_trit(i / 185, i / 37 % 5, i % 37, static_cast<int>((i * 7 + i / 11) % 3) - 1);
  for (size_t i = 0; i < matrix.scales().size(); ++i) matrix.scales()[i] = 0.1f + 0.05f * static_cast<float>(i);
  Allocator allocator(*backend);
  Result<BitLinear> layer = BitLinear::from_ternary(allocator, "w", matrix, {});
  ASSERT_TRUE(layer.ok());
  ASSERT_TRUE(layer->init_shadow_from_ternary(allocator, 10).ok());
  const Result<std::vector<float>> shadow = layer->values(*backend);
  ASSERT_TRUE(shadow.ok());
  for (int64_t row = 0; row < 10; ++row) {
    const auto begin = shadow->begin() + row * 37;
    const std::vector<float> values(begin, begin + 37);
    const float alpha = matrix.scales()[static_cast<size_t>(row)];
    EXPECT_NEAR(mean_magnitude(values), alpha, 1e-6);
    for (int64_t c = 0; c < 37; ++c)
      EXPECT_EQ(shader::ternary_trit(values[static_cast<size_t>(c)], alpha), matrix.trit(row / 5, row % 5, c));
  }
}

TEST_P(Laws, WhatWasTrainedIsWhatIsDeployed) {
  const TemporaryFolder folder;
  struct Case {
    const char* description;
    ExportType type;
  };
  for (const auto& [description, type] :
       {Case{kTinyMoe, ExportType::i2_s}, Case{kTinyMoe, ExportType::f16}, Case{kTinyDense, ExportType::f16}}) {
    TrainingModel m = model(description, {});
    m.step(1);
    m.step(2);
    const Result<MemoryTensorMap> map = training::make_transformer(description, kVocabulary, 3);
    ASSERT_TRUE(map.ok());
    const Result<training::Exported> exported = training::export_model(
        {folder.file("model.gguf")}, m.ops, m.workspace, *m.model, map->metadata(), type, std::span(m.inputs).first(6));
    ASSERT_TRUE(exported.ok()) << exported.message();
    EXPECT_EQ(*training::export_bytes(*m.model, map->metadata(), type),
              std::filesystem::file_size(folder.file("model.gguf")));
    // Trits are the same numbers in the file; F16 weights are multiplied by another kernel.
    EXPECT_LE(exported->largest_difference, type == ExportType::f16 ? 1e-5 : 0.0);
  }
}

// Rows of 96 fit no ternary type and are F16, rows of 128 are Q2_0.
constexpr const char* kRowsOf96And128 =
    R"({"architecture": "llama", "dim": 96, "layers": 2, "heads": 2, "head_dim": 64, "ffn": 128, "context": 16, "tied_head": false})";

TEST_P(Laws, AFileOfTernaryAndDenseWeightsIsWhatWasTrained) {
  const TemporaryFolder folder;
  Recipe with_head, with_int8, plain_floats;
  with_head.head = WeightMode::ternary;
  with_int8.attention = WeightMode::int8;
  plain_floats.int8_activations = false;
  struct Case {
    const char* what;
    Recipe recipe;
    ExportType type;
  };
  for (const auto& [what, recipe, type] : {Case{"rows of two lengths", {}, ExportType::automatic},
                                           Case{"a ternary head as F16", with_head, ExportType::f16},
                                           Case{"a ternary head in two types", with_head, ExportType::automatic},
                                           Case{"int8 attention", with_int8, ExportType::automatic},
                                           Case{"float inputs", plain_floats, ExportType::automatic}}) {
    TrainingModel m = model(kRowsOf96And128, recipe);
    for (int64_t step = 1; step <= 3; ++step) m.step(step);
    const Result<MemoryTensorMap> map = training::make_transformer(kRowsOf96And128, kVocabulary, 3);
    ASSERT_TRUE(map.ok());
    const Result<training::Exported> exported = training::export_model(
        {folder.file("model.gguf")}, m.ops, m.workspace, *m.model, map->metadata(), type, std::span(m.inputs).first(6));
    ASSERT_TRUE(exported.ok()) << what << ": " << exported.message();
    EXPECT_LE(exported->largest_difference, 1e-4) << what;
  }
}

TEST_P(Laws, DroppingTheShadowsChangesNoOutputBit) {
  TrainingModel m = model(kTinyMoe, {});
  m.step(1);
  const training::TokenBatch batch{2, 6, m.inputs, m.targets};
  const std::vector<float> before = m.model->logits(m.ops, m.workspace, batch);
  for (BitLinear* p : m.model->parameters())
    if (p->ternary()) p->drop_shadow();
  EXPECT_EQ(m.model->logits(m.ops, m.workspace, batch), before);
  EXPECT_TRUE(m.ops.finish().ok());
}

TEST_P(Laws, PerBlockEveryMatrixOfTheExpertsHasTheOneAlpha) {
  TrainingModel m = model(kTinyMoe, {.scale_sync = ScaleSync::per_block});
  m.step(1);
  for (int64_t layer = 0; layer < 2; ++layer) {
    std::vector<float> all;
    const std::string blk = "blk." + std::to_string(layer) + ".";
    for (const char* name : {"ffn_gate_exps.weight", "ffn_up_exps.weight", "ffn_down_exps.weight"}) {
      const std::vector<float> shadow = shadow_of(m, m.parameter(blk + name));
      all.insert(all.end(), shadow.begin(), shadow.end());
    }
    for (const char* name : {"ffn_gate_exps.weight", "ffn_up_exps.weight", "ffn_down_exps.weight"})
      expect_quantised(m, m.parameter(blk + name), mean_magnitude(all));
  }
}

TEST_P(Laws, PerBlockTheSharedExpertAndPerLayerEmbeddingsHaveTheAlphaOfTheExperts) {
  TrainingModel m = model(kLabMoe, {.scale_sync = ScaleSync::per_block});
  m.step(1);
  const std::vector<std::string> names = {"ffn_gate_exps", "ffn_up_exps",    "ffn_down_exps", "ffn_gate_shexp",
                                          "ffn_up_shexp",  "ffn_down_shexp", "ple_gate",      "ple_output"};
  for (const char* blk : {"blk.0.", "blk.1."}) {
    std::vector<float> all;
    for (const std::string& name : names) {
      const std::vector<float> shadow = shadow_of(m, m.parameter(blk + name + ".weight"));
      all.insert(all.end(), shadow.begin(), shadow.end());
    }
    for (const std::string& name : names) expect_quantised(m, m.parameter(blk + name + ".weight"), mean_magnitude(all));
  }
}

TEST_P(Laws, PerExpertTheSharedExpertAndPerLayerEmbeddingsShareAnAlphaOfTheirOwn) {
  TrainingModel m = model(kLabMoe, {.scale_sync = ScaleSync::per_expert});
  m.step(1);
  std::vector<float> all;
  const std::vector<std::string> names = {"ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp", "ple_gate", "ple_output"};
  for (const std::string& name : names) {
    const std::vector<float> shadow = shadow_of(m, m.parameter("blk.0." + name + ".weight"));
    all.insert(all.end(), shadow.begin(), shadow.end());
  }
  for (const std::string& name : names)
    expect_quantised(m, m.parameter("blk.0." + name + ".weight"), mean_magnitude(all));
}

TEST_P(Laws, PerExpertTheThreeMatricesOfAnExpertShareAnAlpha) {
  TrainingModel m = model(kTinyMoe, {.scale_sync = ScaleSync::per_expert});
  m.step(1);
  const TernaryMatrix gate = trits_of(m, m.parameter("blk.0.ffn_gate_exps.weight"));
  const TernaryMatrix down = trits_of(m, m.parameter("blk.0.ffn_down_exps.weight"));
  for (int64_t e = 0; e < 4; ++e) EXPECT_EQ(gate.scale(e, 0, 0), down.scale(e, 3, 1));
  EXPECT_NE(gate.scale(0, 0, 0), gate.scale(1, 0, 0));
}

TEST_P(Laws, RowsOfAnyLengthTrain) {
  for (int64_t ffn : {17, 21, 258}) {
    const std::string description =
        R"({"architecture": "qwen3moe", "dim": 18, "layers": 1, "heads": 2, "head_dim": 6, )"
        R"("ffn": )" +
        std::to_string(ffn) + R"(, "experts": 3, "top_k": 2, "context": 8})";
    for (ScaleSync sync : {ScaleSync::per_tensor, ScaleSync::per_row, ScaleSync::per_group}) {
      TrainingModel m = model(description, {.scale_sync = sync, .group_size = 16});
      const double before = m.loss(false);
      for (int64_t step = 1; step <= 12; ++step) m.step(step);
      EXPECT_LT(m.loss(false), before) << "ffn " << ffn;
    }
  }
}

// Quantisation is active: inside its bin a shadow moves no logit, across the threshold it does.
TEST_P(Laws, AShadowMattersOnlyWhenItsTritFlips) {
  TrainingModel m = model(kTinyDense, {});
  const training::TokenBatch batch{2, 6, m.inputs, m.targets};
  const std::vector<float> before = m.model->logits(m.ops, m.workspace, batch);
  BitLinear& p = m.parameter("blk.0.ffn_up.weight");
  const float alpha = trits_of(m, p).scale(0, 0, 0);
  const training::WeightQuantizer* quantizer = m.model->quantizer_of(p);
  ASSERT_NE(quantizer, nullptr);
  const auto logits_with_first = [&](float value) {
    m.ops.upload(p.shadow.data.view({1, 1, 1}), std::as_bytes(std::span(&value, 1)));
    quantizer->quantize(m.ops);
    return m.model->logits(m.ops, m.workspace, batch);
  };
  const float first = shadow_of(m, p)[0];
  const int trit = shader::ternary_trit(first, alpha);
  const float inside = trit == 0 ? 0.49f * alpha : static_cast<float>(trit) * 3.0f * alpha;
  EXPECT_EQ(logits_with_first(inside), before);
  EXPECT_NE(logits_with_first(trit == 0 ? 0.51f * alpha : 0.0f), before);
  EXPECT_TRUE(m.ops.finish().ok());
}

// Packing while updating, with running averages, is updating and then packing with the alpha from before.
TEST_P(Laws, RunningAlphasPackInTheSamePass) {
  Recipe recipe{.scales = {.momentum = 0.99f}};
  TrainingModel m = model(kTinyDense, recipe);
  BitLinear& p = m.parameter("blk.1.ffn_down.weight");
  const float alpha = trits_of(m, p).scale(0, 0, 0);
  m.step(1, 0.05f);
  const TernaryMatrix trits = trits_of(m, p);
  const std::vector<float> shadow = shadow_of(m, p);
  EXPECT_EQ(trits.scale(0, 0, 0), alpha);
  for (int64_t i = 0; i < p.elements(); ++i)
    ASSERT_EQ(trits.trit(0, i / p.cols, i % p.cols), shader::ternary_trit(shadow[static_cast<size_t>(i)], alpha));
  m.step(2, 0.05f);
  const float later = trits_of(m, p).scale(0, 0, 0);
  EXPECT_NE(later, alpha);
  EXPECT_NEAR(later, 0.99 * alpha + 0.01 * mean_magnitude(shadow), 1e-3 * alpha);
}

TEST_P(Laws, AWarmStartGoesFromFullPrecisionToTernary) {
  TrainingModel m = model(kTinyDense, {});
  const training::TokenBatch batch{2, 6, m.inputs, m.targets};
  const std::vector<float> ternary = m.model->logits(m.ops, m.workspace, batch);
  m.model->requantize(m.ops, 0.5f);
  const std::vector<float> between = m.model->logits(m.ops, m.workspace, batch);
  EXPECT_NE(between, ternary);
  const BitLinear& p = m.parameter("blk.0.attn_q.weight");
  const Result<std::vector<float>> softened = p.forward_values(*m.backend);
  const std::vector<float> shadow = shadow_of(m, p), hard = trits_of(m, p).dequantize();
  ASSERT_TRUE(softened.ok());
  for (size_t i = 0; i < shadow.size(); ++i) EXPECT_NEAR((*softened)[i], 0.5f * (shadow[i] + hard[i]), 1e-6);
  m.model->requantize(m.ops, 1.0f);
  EXPECT_EQ(m.model->logits(m.ops, m.workspace, batch), ternary);
  EXPECT_TRUE(m.ops.finish().ok());
}

TEST_P(Laws, BytesAWeightAreAtMostFiveWithBf16ShadowsAnd8BitStates) {
  const std::string description = R"({"architecture": "bitnet", "dim": 256, "layers": 12, "heads": 2, "ffn": 512, )"
                                  R"("context": 16})";
  TrainingModel m = model(description, {.shadow = ShadowPrecision::bf16}, {.states_8bit = true, .by_layer = true});
  for (int64_t step = 1; step <= 1; ++step) {
    const training::StepOptions now{.step = step};
    m.model->loss(m.ops, m.workspace, {2, 6, m.inputs, m.targets},
                  {.gradient_scale = 0.1f, .update = &m.optimizer->update_by_layer(now)});
  }
  ASSERT_TRUE(m.ops.finish().ok());
  int64_t weights = 0;
  for (const BitLinear* p : m.model->parameters()) weights += p->elements();
  EXPECT_LE(static_cast<double>(m.optimizer->bytes().to_train()) / static_cast<double>(weights), 5.0);
}

}  // namespace
}  // namespace tritium
