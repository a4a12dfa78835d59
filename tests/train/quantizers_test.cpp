// What holds of every way to quantise, on every backend: one object makes the weights of training, validation and
// export.
#include <algorithm>
#include <cmath>

#include "format/gguf.h"
#include "tensor/half.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"

namespace tritium {
namespace {

using training::BitLinear;
using training::Recipe;
using training::WeightQuantizer;

// Rows of 256 and 512, which every format can hold.
constexpr const char* kWide =
    R"({"architecture": "llama", "dim": 256, "layers": 1, "heads": 4, "head_dim": 64, "kv_heads": 1, "ffn": 512, "context": 16, "tied_head": false})";

struct Way {
  const char* name;
  Recipe recipe;
  const char* description = kTinyDense;
};

std::vector<Way> all_ways() {
  Recipe absmax{.attention = WeightMode::int8, .feed_forward = WeightMode::int4, .int8_activations = false};
  Recipe clip = absmax;
  clip.integer_quantizer = IntegerQuantizer::clip;
  Recipe groups = clip;
  groups.scale_sync = ScaleSync::per_group;
  groups.group_size = 16;
  Recipe pruned = absmax;
  pruned.scales.prune = 0.3;
  Recipe absmean{.int8_activations = false};
  Recipe threshold = absmean;
  threshold.ternary_quantizer = TernaryQuantizer::threshold;
  Recipe pruned_trits = threshold;
  pruned_trits.scales.prune = 0.6;
  Recipe sparse = absmean;
  sparse.ternary_quantizer = TernaryQuantizer::sparse34;
  return {{"Absmax", absmax},
          {"Clip", clip},
          {"Groups", groups},
          {"PrunedIntegers", pruned},
          {"Absmean", absmean, kWide},
          {"Threshold", threshold, kWide},
          {"PrunedTrits", pruned_trits, kWide},
          {"Sparse34", sparse, kWide}};
}

class Quantizers : public testing::TestWithParam<std::tuple<std::string, size_t>> {
 protected:
  void SetUp() override {
    if (!training_backend(std::get<0>(GetParam()))) GTEST_SKIP() << "no " << std::get<0>(GetParam()) << " here";
  }
  Way way() const { return all_ways()[std::get<1>(GetParam())]; }
  TrainingModel model(const Recipe& recipe) const {
    return {training_backend(std::get<0>(GetParam())), way().description, recipe};
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Quantizers,
                         testing::Combine(testing::Values("reference", "cpu", "vulkan"),
                                          testing::Range<size_t>(0, all_ways().size())),
                         [](const auto& info) {
                           return all_ways()[std::get<1>(info.param)].name + ("_" + std::get<0>(info.param));
                         });

std::vector<float> forward_values(TrainingModel& m, const BitLinear& p) {
  const Result<std::vector<float>> values = p.forward_values(*m.backend);
  EXPECT_TRUE(values.ok()) << values.message();
  return *values;
}

std::vector<float> logits_of(TrainingModel& m) {
  return m.model->logits(m.ops, m.workspace, {2, 6, m.inputs, m.targets});
}

Recipe in_full(Recipe recipe) {
  recipe.attention = recipe.feed_forward = WeightMode::full;
  return recipe;
}

// The same weights in full precision: those that the other model multiplies with.
void take_weights(TrainingModel& to, TrainingModel& from) {
  for (const BitLinear* p : from.model->parameters()) {
    const std::vector<float> values = forward_values(from, *p);
    const auto bytes = std::as_bytes(std::span(values));
    const DenseMatrix matrix{.n_matrices = p->n_matrices,
                             .rows = p->rows,
                             .cols = p->cols,
                             .dtype = DType::f32,
                             .bytes = {bytes.begin(), bytes.end()}};
    to.parameter(p->name).shadow = *to.backend->upload_weight(matrix, p->name);
  }
}

TEST_P(Quantizers, WhatWasTrainedIsWhatTheFileHasToTheBit) {
  const TemporaryFolder folder;
  TrainingModel m = model(way().recipe);
  m.step(1);
  m.step(2);
  const Result<MemoryTensorMap> map = training::make_transformer(way().description, kVocabulary, 3);
  ASSERT_TRUE(map.ok());
  const Result<training::Exported> exported =
      training::export_model({folder.file("model.gguf")}, m.ops, m.workspace, *m.model, map->metadata(),
                             ExportType::automatic, std::span(m.inputs).first(6));
  ASSERT_TRUE(exported.ok()) << exported.message();
  EXPECT_EQ(exported->largest_difference, 0.0);
}

TEST_P(Quantizers, QuantisingWhatIsQuantisedChangesNothing) {
  TrainingModel m = model(way().recipe);
  m.step(1);
  for (const auto& quantizer : m.model->quantizers())
    for (BitLinear* p : quantizer->members()) {
      const std::vector<float> before = forward_values(m, *p);
      const auto bytes = std::as_bytes(std::span(before));
      const DenseMatrix shadow{.n_matrices = p->n_matrices,
                               .rows = p->rows,
                               .cols = p->cols,
                               .dtype = DType::f32,
                               .bytes = {bytes.begin(), bytes.end()}};
      p->shadow = *m.backend->upload_weight(shadow, p->name);
      quantizer->quantize(m.ops);
      ASSERT_TRUE(m.ops.finish().ok());
      EXPECT_EQ(forward_values(m, *p), before) << p->name;
    }
}

TEST_P(Quantizers, ScalesAreHalves) {
  TrainingModel m = model(way().recipe);
  m.step(1);
  ASSERT_FALSE(m.model->quantizers().empty());
  for (const auto& quantizer : m.model->quantizers())
    for (float s : m.values_of(quantizer->alpha())) ASSERT_EQ(s, f16_to_f32(f32_to_f16(s)));
}

// Straight-through: the shadow's gradient is that of the weight that was multiplied with.
TEST_P(Quantizers, TheGradientIsThatOfTheQuantisedWeight) {
  TrainingModel quantised = model(way().recipe), plain = model(in_full(way().recipe));
  take_weights(plain, quantised);
  EXPECT_NEAR(quantised.loss(true), plain.loss(true), 1e-5);
  // The cpu rounds the gradients of trits to 16 bits for each of the ten products between the loss and a matrix.
  const double tolerance = std::get<0>(GetParam()) == "cpu" ? 10 * 0x1p-16 : 1e-4;
  for (const BitLinear* p : quantised.model->parameters()) {
    const std::vector<float> found = quantised.values_of(p->gradient);
    const std::vector<float> expected = plain.values_of(plain.parameter(p->name).gradient);
    double largest = 0;
    for (float g : expected) largest = std::max(largest, std::abs(double{g}));
    for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], tolerance * largest) << p->name;
  }
}

TEST_P(Quantizers, WithoutHardnessWeightsAreInFullPrecision) {
  TrainingModel soft = model(way().recipe), plain = model(in_full(way().recipe));
  soft.model->requantize(soft.ops, 0.0f);
  EXPECT_EQ(logits_of(soft), logits_of(plain));
  const std::vector<float> quantised = logits_of(soft);
  soft.model->requantize(soft.ops, 1.0f);
  EXPECT_NE(logits_of(soft), quantised);
}

TEST_P(Quantizers, HalfHardWeightsLieHalfWay) {
  TrainingModel m = model(way().recipe);
  for (const auto& quantizer : m.model->quantizers()) {
    const BitLinear& p = *quantizer->members().front();
    const std::vector<float> hard = forward_values(m, p);
    m.model->requantize(m.ops, 0.5f);
    const std::vector<float> half = forward_values(m, p), shadow = *p.values(*m.backend);
    for (size_t i = 0; i < hard.size(); ++i) ASSERT_NEAR(half[i], 0.5f * (hard[i] + shadow[i]), 1e-6);
    m.model->requantize(m.ops, 1.0f);
    EXPECT_EQ(forward_values(m, p), hard);
  }
}

TEST_P(Quantizers, TheLeastOfEachRowArePrunedAndTheirShadowsStay) {
  const double part = way().recipe.scales.prune;
  if (part == 0.0) GTEST_SKIP() << "prunes nothing";
  TrainingModel m = model(way().recipe);
  m.step(1);
  for (const auto& quantizer : m.model->quantizers()) {
    const BitLinear& p = *quantizer->members().front();
    const std::vector<float> values = forward_values(m, p), shadow = *p.values(*m.backend);
    const auto cols = static_cast<size_t>(p.cols);
    const auto n = static_cast<size_t>(part * static_cast<double>(cols));
    for (size_t row = 0; row < values.size() / cols; ++row) {
      std::vector<float> magnitudes;
      for (size_t c = 0; c < cols; ++c) magnitudes.push_back(std::abs(shadow[row * cols + c]));
      std::vector<float> sorted = magnitudes;
      std::ranges::sort(sorted);
      EXPECT_GT(sorted[n / 2], 0.0f);
      for (size_t c = 0; c < cols; ++c) ASSERT_TRUE(magnitudes[c] >= sorted[n] || values[row * cols + c] == 0.0f);
    }
  }
}

TEST(SparseTrits, HaveOneZeroInEachFourAndAreStoredSo) {
  const TemporaryFolder folder;
  const Way sparse = all_ways().back();
  TrainingModel m(training_backend("reference"), sparse.description, sparse.recipe);
  m.step(1);
  const Result<MemoryTensorMap> map = training::make_transformer(sparse.description, kVocabulary, 3);
  ASSERT_TRUE(training::export_model({folder.file("model.gguf")}, m.ops, m.workspace, *m.model, map->metadata(),
                                     ExportType::automatic, std::span(m.inputs).first(6))
                  .ok());
  const auto file = open_gguf(folder.file("model.gguf"), {});
  ASSERT_TRUE(file.ok()) << file.message();
  EXPECT_EQ((*file)->find("blk.0.ffn_down.weight")->type, "STQ1_0");
  const std::vector<float> values = forward_values(m, m.parameter("blk.0.ffn_down.weight"));
  for (size_t at = 0; at < values.size(); at += 64)
    for (size_t j = 0; j < 16; ++j) {
      int zeros = 0;
      for (size_t i = 0; i < 4; ++i) zeros += values[at + 16 * i + j] == 0.0f;
      ASSERT_EQ(zeros, 1);
    }
}

TEST(SparseTrits, RowsThatTheFormatCannotHoldAreRefused) {
  const std::unique_ptr<Backend> backend = training_backend("reference");
  const Result<MemoryTensorMap> map = training::make_transformer(kTinyDense, kVocabulary, 3);
  const Result<CheckedModel> source = CheckedModel::check(*map);
  ASSERT_TRUE(source.ok());
  const auto made = training::Transformer::create(*backend, *source, {.ternary_quantizer = TernaryQuantizer::sparse34});
  EXPECT_NE(made.message().find("blk.0.attn_q.weight: sparse34 is stored as STQ1_0, in blocks of 256 columns"),
            std::string::npos)
      << made.message();
}

TEST(IntegerScalesOfRows, AreThoseOfTheGroupsOfThePattern) {
  const Way groups = all_ways()[2];
  TrainingModel m(training_backend("reference"), groups.description, groups.recipe);
  const BitLinear& p = m.parameter("blk.0.ffn_up.weight");
  EXPECT_EQ(p.group_size, 16);
  const std::vector<float> alpha = m.values_of(m.model->quantizer_of(p)->alpha());
  ASSERT_EQ(static_cast<int64_t>(alpha.size()), p.rows * 2) << "24 columns are two groups";
  const std::vector<float> values = forward_values(m, p);
  for (size_t row = 0; row < static_cast<size_t>(p.rows); ++row)
    for (size_t c = 0; c < 24; ++c) {
      const float code = values[row * 24 + c] / alpha[row * 2 + c / 16];
      ASSERT_NEAR(code, std::nearbyint(code), 1e-4);
      ASSERT_LE(std::abs(code), 7.001f);
    }
}

}  // namespace
}  // namespace tritium
