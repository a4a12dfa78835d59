// Shadows of one byte a weight.
#include <algorithm>
#include <cmath>
#include <set>

#include "tensor/half.h"
#include "tests/support/temporary_folder.h"
#include "tests/train/training_model.h"
#include "train/export.h"

namespace tritium {
namespace {

using training::BitLinear;
using training::Recipe;

constexpr const char* kExperts = "blk.1.ffn_down_exps.weight";

std::vector<int8_t> codes_of(TrainingModel& m, const BitLinear& p) {
  std::vector<int8_t> codes(static_cast<size_t>(p.shadow.data.elements()));
  EXPECT_TRUE(m.backend->download(p.shadow.data, std::as_writable_bytes(std::span(codes))).ok());
  return codes;
}

class Int8Shadows : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!training_backend(GetParam())) GTEST_SKIP() << GetParam() << " cannot run here";
  }
  TrainingModel model(const Recipe& recipe, const training::OptimizerOptions& options = {},
                      const char* description = kTinyMoe) const {
    return {training_backend(GetParam()), description, recipe, options};
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, Int8Shadows, testing::Values("reference", "cpu", "vulkan"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Int8Shadows, LowerTheLoss) {
  for (const WeightMode mode : {WeightMode::ternary, WeightMode::int4})
    for (const bool states_8bit : {false, true}) {
      TrainingModel m = model({.attention = mode, .feed_forward = mode, .shadow = ShadowPrecision::int8},
                              {.states_8bit = states_8bit});
      const double first = m.loss(false);
      for (int64_t step = 1; step <= 40; ++step) m.step(step, 0.003f);
      EXPECT_LT(m.loss(false), 0.8 * first);
    }
}

TEST_P(Int8Shadows, TrainUnderEveryOptimiser) {
  for (const auto& [kind, rate] :
       {std::pair{OptimizerKind::sgd, 0.1f}, {OptimizerKind::muon, 0.003f}, {OptimizerKind::adalomo, 0.003f}}) {
    TrainingModel m = model({.shadow = ShadowPrecision::int8}, {.kind = kind});
    const double first = m.loss(false);
    for (int64_t step = 1; step <= 30; ++step) m.step(step, rate);
    EXPECT_LT(m.loss(false), 0.95 * first) << static_cast<int>(kind);
  }
}

TEST_P(Int8Shadows, TrainWithNoiseAndWithoutGradientsBeyondAClip) {
  TrainingModel m = model({.shadow = ShadowPrecision::int8}, {.ste_clip = 1.5f});
  const double first = m.loss(false);
  for (int64_t step = 1; step <= 30; ++step) {
    m.loss(true);
    m.optimizer->step(m.workspace, {.step = step, .learning_rate = 0.003f, .noise_scale = 0.1f});
  }
  EXPECT_LT(m.loss(false), 0.9 * first);
}

TEST_P(Int8Shadows, AreOfQuantisedWeightsAlone) {
  TrainingModel m = model({.attention = WeightMode::int4,
                           .feed_forward = WeightMode::ternary,
                           .routers = WeightMode::int8,
                           .shadow = ShadowPrecision::int8},
                          {}, kTinyMoe);
  std::set<DType> types;
  for (const BitLinear* p : m.model->parameters()) {
    const bool coded = p->role == TensorRole::attention || p->role == TensorRole::feed_forward;
    const bool exact = p->role == TensorRole::norm || p->role == TensorRole::router;
    EXPECT_EQ(p->shadow.dtype, coded ? DType::i8 : exact ? DType::f32 : DType::bf16) << p->name;
    types.insert(p->shadow.dtype);
  }
  EXPECT_EQ(types.size(), 3u);
}

TEST_P(Int8Shadows, AdaptersAreBf16) {
  TrainingModel m = model({.attention = WeightMode::lora, .shadow = ShadowPrecision::int8});
  EXPECT_EQ(m.parameter("blk.0.attn_q.weight").lora_a->shadow.dtype, DType::bf16);
}

TEST_P(Int8Shadows, BeginWithARangeOfSixMeanMagnitudes) {
  TrainingModel m = model({.shadow = ShadowPrecision::int8}), exact = model({});
  const BitLinear& p = m.parameter(kExperts);
  const Result<std::vector<float>> coded = p.values(*m.backend);
  const Result<std::vector<float>> wanted = exact.parameter(kExperts).values(*exact.backend);
  ASSERT_TRUE(coded.ok() && wanted.ok());
  double sum = 0;
  for (const float w : *wanted) sum += std::abs(double{w});
  const double step = 6 * sum / static_cast<double>(wanted->size()) / 127;
  EXPECT_NEAR(p.shadow.code_step, step, 1e-6 * step);
  for (size_t i = 0; i < coded->size(); ++i)
    ASSERT_NEAR((*coded)[i], std::clamp<double>(double{(*wanted)[i]}, -127 * step, 127 * step), 0.501 * step) << i;
}

// ScaleSync: the mean magnitude of the codes, as F16.
TEST_P(Int8Shadows, AlphasAreMadeOfWhatWasWritten) {
  TrainingModel m = model({.shadow = ShadowPrecision::int8});
  for (int64_t step = 1; step <= 3; ++step) m.step(step);
  const BitLinear& p = m.parameter(kExperts);
  const Result<TernaryMatrix> trits = m.backend->download_weight(p.packed);
  ASSERT_TRUE(trits.ok());
  const std::vector<int8_t> codes = codes_of(m, p);
  double sum = 0;
  for (const int8_t code : codes) sum += std::abs(int{code});
  const double alpha = sum * double{p.shadow.code_step} / static_cast<double>(p.elements());
  EXPECT_NEAR(trits->scale(0, 0, 0), alpha, 1e-3 * alpha);
  EXPECT_EQ(f16_to_f32(f32_to_f16(trits->scale(0, 0, 0))), trits->scale(0, 0, 0));
}

// So many that the choices of a batch cannot reach all.
constexpr const char* kManyExperts =
    R"({"architecture": "qwen3moe", "dim": 24, "layers": 2, "heads": 2, "ffn": 17, "experts": 32, "top_k": 2, "context": 16})";

TEST_P(Int8Shadows, OfExpertsWithoutTokensKeepTheirCodes) {
  TrainingModel m = model({.shadow = ShadowPrecision::int8}, {.weight_decay = 0.1f}, kManyExperts);
  const BitLinear& stack = m.parameter(kExperts);
  const std::vector<int8_t> before = codes_of(m, stack);
  m.loss(true);
  const std::vector<float> load = m.values_of(m.model->routers()[1].load);
  m.optimizer->step(m.workspace, {.step = 1, .learning_rate = 0.01f, .noise_scale = 0.1f});
  const std::vector<int8_t> after = codes_of(m, stack);
  const auto size = std::ssize(before) / 32;
  int64_t kept = 0;
  for (int64_t e = 0; e < 32; ++e) {
    const bool same = std::equal(before.begin() + e * size, before.begin() + (e + 1) * size, after.begin() + e * size);
    EXPECT_EQ(same, load[static_cast<size_t>(e)] == 0.0f) << "expert " << e;
    kept += same;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 32);
}

TEST_P(Int8Shadows, TakeAByteAWeight) {
  const char* wide = R"({"architecture": "bitnet", "dim": 256, "layers": 1, "heads": 2, "ffn": 512, "context": 16})";
  const auto shadows = [&](ShadowPrecision precision) {
    return model({.shadow = precision}, {}, wide).optimizer->bytes().shadows;
  };
  TrainingModel m = model({.shadow = ShadowPrecision::int8}, {}, wide);
  uint64_t quantised = 0;
  for (const BitLinear* p : m.model->parameters())
    if (p->ternary()) quantised += static_cast<uint64_t>(p->elements());
  EXPECT_EQ(shadows(ShadowPrecision::bf16) - shadows(ShadowPrecision::int8), quantised);
}

TEST_P(Int8Shadows, WhatWasTrainedIsWhatTheFileHasToTheBit) {
  const TemporaryFolder folder;
  TrainingModel m = model({.shadow = ShadowPrecision::int8});
  m.step(1);
  m.step(2);
  const Result<MemoryTensorMap> map = training::make_transformer(kTinyMoe, kVocabulary, 3);
  ASSERT_TRUE(map.ok());
  const Result<training::Exported> exported =
      training::export_model({folder.file("model.gguf")}, m.ops, m.workspace, *m.model, map->metadata(),
                             ExportType::i2_s, std::span(m.inputs).first(6));
  ASSERT_TRUE(exported.ok()) << exported.message();
  EXPECT_EQ(exported->largest_difference, 0.0);
}

TrainOptions short_run(const TemporaryFolder& folder) {
  TrainOptions o;
  o.transformer = R"({"architecture": "llama", "dim": 64, "layers": 2, "heads": 2, "ffn": 64, "context": 32})";
  for (int i = 0; i < 300; ++i) o.text += "a mill stood by the river, ";
  o.shadow = ShadowPrecision::int8;
  o.steps = 8;
  o.context = 16;
  o.batch = 4;
  o.threads = 1;
  o.export_type = ExportType::i2_s;
  o.output = folder.file("model.gguf");
  return o;
}

TEST(ARunWithInt8Shadows, ExportsWhatItSays) {
  const TemporaryFolder folder;
  const TrainOptions options = short_run(folder);
  const Result<TrainReport> report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->export_difference, 0.0);
  EXPECT_LT(report->valid_loss, report->first_valid_loss);

  // The same held-out text by a trainer of the file.
  TrainOptions again = options;
  again.transformer.clear();
  again.output.clear();
  again.model = options.output;
  again.attention = again.feed_forward = WeightMode::frozen;
  again.head = WeightMode::frozen;
  again.steps = 1;
  const Result<TrainReport> read = train(again);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_NEAR(read->first_valid_loss, report->valid_loss, 1e-6);
}

TEST(ARunWithInt8Shadows, ThatWasGoneOnWithEndsWithTheSameBytes) {
  double ends[2] = {};
  for (const bool interrupted : {false, true}) {
    const TemporaryFolder folder;
    TrainOptions options = short_run(folder);
    options.folder = folder.file("run");
    options.resume = "auto";
    if (interrupted) {
      int64_t step = 0;
      ASSERT_TRUE(train(options, {.progress = [&](const TrainProgress& p) { return (step = p.step) < 3; }}).ok());
      ASSERT_EQ(step, 3);
    }
    const Result<TrainReport> report = train(options);
    ASSERT_TRUE(report.ok()) << report.message();
    ASSERT_EQ(report->step, 8);
    ends[interrupted] = report->valid_loss;
  }
  EXPECT_EQ(ends[0], ends[1]);
}

}  // namespace
}  // namespace tritium
