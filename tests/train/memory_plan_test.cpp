// The plan of a run, made without memory, against what the run allocates: to the byte.
#include "train/memory_plan.h"

#include <gtest/gtest.h>

#include <functional>

#include "backends.h"
#include "tests/support/counting_backend.h"
#include "tests/train/byte_model.h"
#include "train/data/batch.h"

namespace tritium {
namespace {

using training::Transformer;

constexpr const char* kMoe =
    R"({"architecture": "qwen3moe", "dim": 64, "layers": 2, "heads": 2, "ffn": 40, "experts": 4, "context": 32})";
constexpr const char* kDense =
    R"({"architecture": "bitnet", "dim": 48, "layers": 2, "heads": 2, "ffn": 96, "context": 32, "tied_head": false})";

constexpr const char* kTied = R"({"architecture": "bitnet", "dim": 32, "layers": 3, "heads": 2, "context": 32})";

// A file of layers that differ in heads and widths.
std::string uneven_file() {
  static const TemporaryFolder folder;
  static const std::string path = write_model(byte_model({.architecture = "qwen3moe",
                                                          .vocab_size = kBytes,
                                                          .n_experts = 4,
                                                          .ternary = false,
                                                          .per_layer = {{"attention.head_count", {4, 6, 2}},
                                                                        {"attention.head_count_kv", {4, 2, 1}},
                                                                        {"expert_feed_forward_length", {40, 64, 24}}}}),
                                              folder);
  return path;
}

struct Way {
  const char* name;
  std::function<void(TrainOptions&)> choose;
};

const std::vector<Way>& ways() {
  static const std::vector<Way> kWays = {
      {"default", [](TrainOptions&) {}},
      {"dense", [](TrainOptions& o) { o.transformer = kDense; }},
      {"bf16_8bit", [](TrainOptions& o) { o.shadow = ShadowPrecision::bf16, o.states_8bit = true; }},
      {"int8_8bit", [](TrainOptions& o) { o.shadow = ShadowPrecision::int8, o.states_8bit = true; }},
      {"int8_average", [](TrainOptions& o) { o.shadow = ShadowPrecision::int8, o.average = Average::swa; }},
      {"by_layer", [](TrainOptions& o) { o.update_by_layer = true, o.clip = 0; }},
      {"by_layer_tied", [](TrainOptions& o) { o.transformer = kTied, o.update_by_layer = true, o.clip = 0; }},
      {"muon", [](TrainOptions& o) { o.optimizer = OptimizerKind::muon; }},
      {"muon_rows", [](TrainOptions& o) { o.optimizer = OptimizerKind::muon, o.muon_row_norm = true; }},
      {"sgd", [](TrainOptions& o) { o.optimizer = OptimizerKind::sgd; }},
      {"adalomo", [](TrainOptions& o) { o.optimizer = OptimizerKind::adalomo, o.shadow = ShadowPrecision::bf16; }},
      {"adalomo_by_layer",
       [](TrainOptions& o) { o.optimizer = OptimizerKind::adalomo, o.update_by_layer = true, o.clip = 0; }},
      {"stochastic", [](TrainOptions& o) { o.feed_forward = WeightMode::stochastic; }},
      {"integers", [](TrainOptions& o) { o.feed_forward = WeightMode::int4, o.attention = WeightMode::int8; }},
      {"full", [](TrainOptions& o) { o.feed_forward = o.attention = WeightMode::full; }},
      {"lora", [](TrainOptions& o) { o.feed_forward = o.attention = WeightMode::lora; }},
      {"lora_qat", [](TrainOptions& o) { o.feed_forward = o.attention = WeightMode::lora_qat; }},
      {"checkpointed", [](TrainOptions& o) { o.checkpoint_activations = true; }},
      {"ema", [](TrainOptions& o) { o.average = Average::ema, o.shadow = ShadowPrecision::bf16; }},
      {"warm_start", [](TrainOptions& o) { o.warm_start = 0.5; }},
      {"per_group", [](TrainOptions& o) { o.scale_sync = ScaleSync::per_group, o.group_size = 16; }},
      {"per_block", [](TrainOptions& o) { o.scale_sync = ScaleSync::per_block, o.alpha_momentum = 0.9; }},
      {"threshold", [](TrainOptions& o) { o.ternary_quantizer = TernaryQuantizer::threshold; }},
      {"micro_batches", [](TrainOptions& o) { o.micro_batch = 2; }},
      {"uneven", [](TrainOptions& o) { o.transformer.clear(), o.model = uneven_file(); }},
  };
  return kWays;
}

class TrainingPlan : public testing::TestWithParam<std::tuple<std::string, size_t>> {};
INSTANTIATE_TEST_SUITE_P(
    Ways, TrainingPlan, testing::Combine(testing::Values("reference", "cpu"), testing::Range(size_t{0}, ways().size())),
    [](const auto& info) { return std::string(ways()[std::get<1>(info.param)].name) + "_" + std::get<0>(info.param); });

TrainOptions options_of(const Way& way) {
  TrainOptions options;
  options.transformer = kMoe;
  for (int i = 0; i < 200; ++i) options.text += "a mill stood by the river, ";
  options.steps = 4;
  options.context = 16;
  options.batch = 4;
  way.choose(options);
  return options;
}

uint64_t planned(const TrainPlan& plan) {
  uint64_t bytes = 0;
  for (const MemoryPart& part : plan.memory)
    if (part.what != "text") bytes += part.bytes;
  return bytes;
}

TEST_P(TrainingPlan, IsWhatARunAllocates) {
  const auto& [name, way] = GetParam();
  const TrainOptions options = options_of(ways()[way]);
  const Result<training::Setup> setup = training::prepare_run(options);
  ASSERT_TRUE(setup.ok()) << setup.message();
  CountingBackend backend(*make_backend({.backend = name, .threads = 1, .capture_file = {}, .log = {}}));
  const Result<TrainPlan> plan = training::plan_memory(options, *setup, backend);
  ASSERT_TRUE(plan.ok()) << plan.message();
  ASSERT_EQ(backend.bytes, 0u) << "planning allocates nothing";

  Ops ops(backend);
  Workspace workspace(backend);
  const auto model = *Transformer::create(backend, setup->model, setup->recipe);
  training::Optimizer optimizer(ops, *model, training::optimizer_options_of(options));
  training::Averages averages(*model, training::average_options_of(options));
  Allocator allocator(backend);
  const bool soft = options.warm_start > 0;
  ASSERT_TRUE(training::allocate_run(
                  options,
                  {.model = *model, .teacher = nullptr, .optimizer = optimizer, .averages = averages, .soft = soft},
                  allocator, workspace)
                  .ok());
  optimizer.start(workspace, soft ? 0.0f : 1.0f);
  const int64_t sequences = options.micro_batch > 0 ? options.micro_batch : options.batch;
  const BatchPlan batches = *BatchPlan::create(setup->corpus.train, options.context, sequences, 1);
  for (int64_t step = 1; step <= options.steps; ++step) {
    const Batch b = batches.batch(step - 1);
    const training::TokenBatch tokens = {sequences, options.context, b.inputs, b.targets};
    const training::StepOptions now = {.step = step, .lambda = soft && step < 3 ? 0.5f : 1.0f};
    training::LossOptions how = {.gradient_scale = 0.01f};
    if (options.update_by_layer) how.update = &optimizer.update_by_layer(now);
    model->loss(ops, workspace, tokens, how);
    optimizer.gradient_norm(workspace);
    if (!options.update_by_layer) optimizer.step(workspace, now);
    ASSERT_TRUE(averages.update(workspace, step, options.steps, step - 1).ok());
    model->loss(ops, workspace, tokens, {});
    const Status status = ops.finish();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(backend.bytes, planned(*plan));
}

}  // namespace
}  // namespace tritium
