#include "train/memory_plan.h"

#include <algorithm>
#include <set>

#include "base/checked_math.h"
#include "train/optimizers/schedule.h"

namespace tritium::training {
namespace {

template <typename Record>
Status reserve(Workspace& workspace, const Record& record) {
  Program program;
  Ops ops(program);
  record(ops);
  if (Status s = ops.finish(); !s.ok()) return s;
  workspace.reserve(plan_memory(program));
  return Status();
}

// What a run repeats. soft: while its weights harden.
Status reserve_step(const TrainOptions& o, const RunMemory& run, const BatchTensors& batch, bool soft,
                    Workspace& workspace) {
  const LayerUpdate update = run.optimizer.layer_update(soft);
  const LossOptions learning = {.gradient_scale = 1.0f,
                                .teacher = run.teacher,
                                .hidden_mse = static_cast<float>(o.hidden_mse),
                                .update = o.update_by_layer ? &update : nullptr};
  for (const LossOptions& how : {learning, LossOptions{}})
    if (Status s = reserve(workspace, [&](Ops& ops) { run.model.record_loss(ops, batch, how); }); !s.ok()) return s;
  if (o.update_by_layer) return Status();
  return reserve(workspace, [&](Ops& ops) { run.optimizer.record_step(ops, soft); });
}

}  // namespace

Status allocate_run(const TrainOptions& o, const RunMemory& run, Allocator& allocator, Workspace& workspace) {
  run.optimizer.allocate(allocator);
  run.averages.allocate(allocator);
  const int64_t sequences = o.micro_batch > 0 ? o.micro_batch : o.batch;
  const BatchTensors& batch = run.model.tensors_of(allocator, sequences, o.context, run.teacher);
  if (!allocator.ok()) return allocator.status();
  if (Status s = reserve(workspace, [&](Ops& ops) { run.optimizer.record_start(ops); }); !s.ok()) return s;
  if (Status s = reserve(workspace, [&](Ops& ops) { run.averages.record(ops, 0.5); }); !s.ok()) return s;
  if (Status s = reserve_step(o, run, batch, false, workspace); !s.ok()) return s;
  if (run.teacher) {
    const BatchTensors& theirs = run.teacher->tensors_of(allocator, sequences, o.context);
    if (!allocator.ok()) return allocator.status();
    if (Status s = reserve(workspace, [&](Ops& ops) { run.teacher->record_loss(ops, theirs, {}); }); !s.ok()) return s;
  }
  if (run.soft) {
    run.model.make_soft(allocator);
    if (!allocator.ok()) return allocator.status();
    if (Status s = reserve_step(o, run, batch, true, workspace); !s.ok()) return s;
  }
  return allocator.status();
}

Result<TrainPlan> plan_memory(const TrainOptions& o, const Setup& setup, Backend& backend) {
  Ops ops(backend);
  Allocator allocator = Allocator::counting(&backend), teachers = Allocator::counting(&backend);
  Workspace workspace(backend);
  const Result<std::unique_ptr<Transformer>> model = Transformer::create(allocator, setup.model, setup.recipe);
  if (!model.ok()) return model.status();
  std::unique_ptr<Transformer> teacher;
  if (setup.teacher) {
    Result<std::unique_ptr<Transformer>> made = Transformer::create(teachers, *setup.teacher, frozen_recipe(o));
    if (!made.ok()) return made.status().within("the teacher");
    teacher = *std::move(made);
  }
  Optimizer optimizer(ops, **model, optimizer_options_of(o));
  Averages averages(**model, average_options_of(o));
  const RunMemory run = {.model = **model,
                         .teacher = teacher.get(),
                         .optimizer = optimizer,
                         .averages = averages,
                         .soft = hardening(o, 0, setup.steps > 0 ? setup.steps : kUntilMeasured) < 1.0};
  if (Status s = allocate_run(o, run, allocator, workspace); !s.ok()) return s;

  TrainPlan plan;
  const Config& c = setup.model.config();
  std::set<const BitLinear*> inside;  // of the result only their products remain
  for (const BitLinear* p : (*model)->parameters())
    if (p->adapter_inside()) inside.insert({p->lora_a, p->lora_b});
  for (const BitLinear* p : (*model)->parameters()) {
    if (inside.contains(p)) continue;
    const auto n = static_cast<uint64_t>(p->stack_elements());
    const bool routed = c.moe() && p->stack_elements() == c.n_experts * p->rows * p->cols;
    plan.parameters += n;
    plan.active_parameters +=
        routed ? n / static_cast<uint64_t>(c.n_experts) * static_cast<uint64_t>(c.n_experts_used) : n;
    if (p->ternary()) plan.ternary_parameters += n;
  }
  const ParameterBytes bytes = optimizer.bytes();
  const uint64_t text = static_cast<uint64_t>(setup.corpus.train.tokens.size() + setup.corpus.valid.tokens.size()) * 5;
  plan.memory = {{"shadow weights", bytes.shadows},
                 {"optimiser states", bytes.states},
                 {"gradients", bytes.gradients},
                 {"packed trits", bytes.trits},
                 {"activations and logits", workspace.bytes()},
                 {"batches and scales", allocator.bytes() - bytes.to_train() - bytes.averages},
                 {"text", text}};
  if (bytes.averages > 0) plan.memory.push_back({"averages", bytes.averages});
  if (teacher) plan.memory.push_back({"teacher", teachers.bytes()});
  for (const MemoryPart& part : plan.memory) plan.memory_bytes = saturated_add(plan.memory_bytes, part.bytes);
  plan.bytes_per_weight =
      static_cast<double>(bytes.to_train()) / static_cast<double>(std::max<uint64_t>(plan.parameters, 1));
  plan.train_tokens = static_cast<int64_t>(setup.corpus.train.tokens.size());
  plan.valid_tokens = static_cast<int64_t>(setup.corpus.valid.tokens.size());
  plan.steps = setup.steps;
  return plan;
}

}  // namespace tritium::training
