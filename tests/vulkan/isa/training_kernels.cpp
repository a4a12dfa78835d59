#include "tests/vulkan/isa/training_kernels.h"

#include "base/format_text.h"
#include "train/data/batch.h"
#include "train/setup.h"

namespace tritium::vulkan {
namespace {

using training::Transformer;

struct Way {
  const char* name;
  void (*choose)(TrainOptions&);
};

constexpr Way kWays[] = {
    {"adamw", [](TrainOptions&) {}},
    {"sgd", [](TrainOptions& o) { o.optimizer = OptimizerKind::sgd; }},
    {"sgd without momentum", [](TrainOptions& o) { o.optimizer = OptimizerKind::sgd, o.momentum = 0; }},
    {"muon", [](TrainOptions& o) { o.optimizer = OptimizerKind::muon; }},
    {"adalomo", [](TrainOptions& o) { o.optimizer = OptimizerKind::adalomo; }},
    {"stochastic weights", [](TrainOptions& o) { o.feed_forward = WeightMode::stochastic; }},
    {"int4 weights", [](TrainOptions& o) { o.feed_forward = o.attention = WeightMode::int4; }},
    {"hardening weights", [](TrainOptions& o) { o.warm_start = 0.5; }},
};

// Two steps: half hardened where weights harden, and done.
Status note_steps(NotingRecorder& recorder, const TrainOptions& options) {
  const Result<training::Setup> setup = training::prepare_run(options);
  if (!setup.ok()) return setup.status();
  NotingBackend backend(recorder);
  Ops ops(backend);
  Workspace workspace(backend);
  const auto model = Transformer::create(backend, setup->model, setup->recipe);
  if (!model.ok()) return model.status();
  const auto teacher = Transformer::create(backend, setup->model, training::frozen_recipe(options));
  if (!teacher.ok()) return teacher.status();
  training::Optimizer optimizer(ops, **model, training::optimizer_options_of(options));
  Allocator allocator(backend);
  optimizer.allocate(allocator);
  const bool soft = options.warm_start > 0;
  if (soft) (*model)->make_soft(allocator);
  if (!allocator.ok()) return allocator.status();
  optimizer.start(workspace, soft ? 0.0f : 1.0f);
  const auto batches = BatchPlan::create(setup->corpus.train, options.context, options.batch, 1);
  if (!batches.ok()) return batches.status();
  for (const int64_t step : {1, 2}) {
    const Batch batch = batches->batch(step - 1);
    const training::TokenBatch tokens = {options.batch, options.context, batch.inputs, batch.targets};
    (*model)->loss(ops, workspace, tokens, {.gradient_scale = 0.01f, .teacher = teacher->get()});
    (*model)->loss(ops, workspace, tokens, {.gradient_scale = 0.01f});
    optimizer.gradient_norm(workspace);
    optimizer.step(workspace, {.step = step, .lambda = soft && step == 1 ? 0.5f : 1.0f});
  }
  return ops.finish();
}

}  // namespace

Status note_training(NotingRecorder& recorder) {
  for (const Way& way : kWays) {
    TrainOptions options;
    options.transformer =
        R"({"architecture": "qwen3moe", "dim": 64, "layers": 1, "heads": 2, "ffn": 64, "experts": 4, "context": 32})";
    for (int i = 0; i < 200; ++i) options.text += "a mill stood by the river, ";
    options.steps = 2;
    options.context = 16;
    options.batch = 4;
    way.choose(options);
    recorder.use = join("a step of training, ", way.name);
    if (Status s = note_steps(recorder, options); !s.ok()) return s.within(recorder.use);
  }
  return Status();
}

}  // namespace tritium::vulkan
