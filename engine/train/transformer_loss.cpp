// The loss of a Transformer and its gradient: cross-entropy with the text, and what a teacher adds. Recorded once for a
// shape of batch, and run for each.
#include <algorithm>

#include "ops/not_finite.h"
#include "train/transformer.h"

namespace tritium::training {
namespace {

// One for training, one for evaluation, and what they were before weights got other memory.
constexpr size_t kPassesKept = 4;

double sum_of(Ops& ops, const Tensor& losses) {
  std::vector<float> values(static_cast<size_t>(losses.elements()));
  ops.download(losses, std::as_writable_bytes(std::span(values)));
  double total = 0;
  for (float value : values) total += value;
  return total;
}

}  // namespace

// A recorded pass and what it was recorded for.
struct Transformer::Pass {
  struct Key {
    const BatchTensors* batch;
    bool gradients;
    float router_scale;
    const Transformer* teacher;
    float distill, temperature, hidden_mse;
    int64_t update;
    uint64_t structure, teacher_structure;
    bool operator==(const Key&) const = default;
  } key;
  std::unique_ptr<Recording> recording;
};

Transformer::Transformer(const Config& config, const Recipe& recipe) : config_(config), recipe_(recipe) {}
Transformer::~Transformer() = default;

Transformer::Pass* Transformer::pass_of(Ops& ops, Workspace& workspace, const BatchTensors& batch,
                                        const LossOptions& options) {
  const Transformer* teacher = options.teacher;
  const Pass::Key key = {.batch = &batch,
                         .gradients = options.gradient_scale != 0.0f,
                         .router_scale = options.router_scale,
                         .teacher = teacher,
                         .distill = options.distill,
                         .temperature = options.temperature,
                         .hidden_mse = options.hidden_mse,
                         .update = options.update ? options.update->structure : -1,
                         .structure = structure(),
                         .teacher_structure = teacher ? teacher->structure() : 0};
  last_pass_ = nullptr;
  std::erase_if(passes_, [&](const auto& pass) { return pass->key.structure != key.structure; });
  const auto found = std::ranges::find(passes_, key, [](const auto& pass) { return pass->key; });
  if (found != passes_.end()) return found->get();
  Result<std::unique_ptr<Recording>> recording =
      workspace.record([&](Ops& recorded) { record_loss(recorded, batch, options); });
  if (!recording.ok()) return ops.fail(recording.status()), nullptr;
  if (passes_.size() == kPassesKept) passes_.erase(passes_.begin());
  passes_.push_back(std::make_unique<Pass>(Pass{key, *std::move(recording)}));
  return passes_.back().get();
}

double Transformer::loss(Ops& ops, Workspace& workspace, const TokenBatch& batch, const LossOptions& options) {
  taught_ = {};
  if (!ops.ok()) return 0.0;
  Allocator allocator(ops.backend());
  const BatchTensors& b = tensors_of(allocator, batch.n_sequences, batch.sequence_length, options.teacher);
  if (!allocator.ok()) return ops.fail(allocator.status()), 0.0;
  const Pass* pass = pass_of(ops, workspace, b, options);
  if (!pass) return 0.0;
  last_pass_ = pass;
  batch_ = &b;
  now_.loss_scale = options.gradient_scale;
  upload_step(ops);
  upload_tokens(ops, b, batch.inputs);
  for (const BatchTensors::Part& part : b.parts)
    ops.upload(part.targets,
               std::as_bytes(batch.targets.subspan(static_cast<size_t>(part.first), static_cast<size_t>(part.rows))));
  if (!ops.ok()) return 0.0;
  ops.fail(pass->recording->run());
  if (options.update) options.update->finished();
  double total = 0;
  for (const BatchTensors::Part& part : b.parts) {
    total += sum_of(ops, part.losses);
    if (options.teacher) taught_.divergence += sum_of(ops, part.divergences);
  }
  if (options.teacher && options.hidden_mse > 0.0f)
    taught_.hidden_error = sum_of(ops, b.hidden_error) / static_cast<double>(config_.dim);
  return total;
}

std::vector<float> Transformer::token_losses(Ops& ops) const {
  std::vector<float> losses(static_cast<size_t>(batch_ ? batch_->n_tokens() : 0));
  for (size_t part = 0; batch_ && part < batch_->parts.size(); ++part) {
    const BatchTensors::Part& p = batch_->parts[part];
    const auto own = std::span(losses).subspan(static_cast<size_t>(p.first), static_cast<size_t>(p.rows));
    ops.download(p.losses, std::as_writable_bytes(own));
  }
  return losses;
}

std::string Transformer::first_not_finite(Backend& backend) const {
  if (!last_pass_) return {};
  const Result<NotFinite> found = tritium::first_not_finite(backend, last_pass_->recording->program());
  return found.ok() && found->has_value() ? ": the first is what " + **found : std::string();
}

void Transformer::record_loss(Ops& ops, const BatchTensors& batch, const LossOptions& options) {
  const Ops::Label label(ops, "model");
  Tape tape(ops, options.gradient_scale != 0.0f);
  const Value x = hidden(tape, batch, batch.rotation, activations(), &options);
  Tensor taught;
  if (options.teacher) {
    const Ops::Label teacher_label(ops, "teacher");
    Tape once(ops, false);
    const Transformer& teacher = *options.teacher;
    taught = options.teacher->hidden(once, batch, batch.teacher_rotation, teacher.activations(), nullptr).tensor;
  }
  if (batch.parts.size() == 1) {
    head_loss(tape, x, taught, batch.parts.front(), options);
  } else {
    // Rows of x come as a look-up in it; their gradients go into their places as an embedding's do, from zeros on.
    if (tape.recording()) {
      x.gradient->tensor = tape.take(x.tensor.shape);
      ops(ScaledAdd{.a = x.tensor, .b = x.tensor, .y = x.gradient->tensor, .a_scale = 0.0f, .b_scale = 0.0f});
    }
    for (const BatchTensors::Part& part : batch.parts) losses_of_part(tape, x, taught, part, options);
  }
  if (taught && options.hidden_mse > 0.0f) imitate_hidden(tape, x, taught, batch, options);
  tape.backward();
  if (tape.recording() && !options.update)
    for (int64_t layer = -1; layer <= config_.n_layers(); ++layer) record_adapter_gradients(ops, layer);
}

void Transformer::losses_of_part(Tape& tape, const Value& x, const Tensor& taught, const BatchTensors::Part& part,
                                 const LossOptions& options) {
  const auto rows_of = [&](const Tensor& matrix) {
    Tensor rows = tape.take({part.rows, matrix.shape[1]});
    tape.ops()(Embedding{.table = as_weight(matrix, "hidden"), .tokens = part.row_ids, .y = rows});
    return rows;
  };
  Tape head(tape.ops(), tape.recording());
  const Value rows = head.make({part.rows, config_.dim}, rows_of(x.tensor));
  head_loss(head, rows, taught ? rows_of(taught) : Tensor(), part, options);
  if (head.recording())
    tape.ops()(EmbeddingBackward{.tokens = part.row_ids, .dy = rows.gradient->tensor, .dtable = x.gradient->tensor});
}

// Leaves the gradient of the hidden values x.
void Transformer::head_loss(Tape& outer, const Value& x, const Tensor& taught, const BatchTensors::Part& part,
                            const LossOptions& options) {
  Ops& ops = outer.ops();
  Tape tape(ops, outer.recording());
  const Value logits = logits_of(tape, x, activations());
  const Tensor dlogits = tape.recording() ? tape.take(logits.tensor.shape) : Tensor();
  if (tape.recording()) logits.gradient->tensor = dlogits;
  const float by_teacher = taught ? options.distill : 0.0f;
  ops(CrossEntropy{.logits = logits.tensor,
                   .targets = part.targets,
                   .losses = part.losses,
                   .dlogits = dlogits,
                   .scale = 1.0f - by_teacher,
                   .now = step_tensor_});
  if (taught) {
    const Transformer& teacher = *options.teacher;
    Tape once = tape.forward_only();
    const Value right = teacher.logits_of(once, {taught, nullptr}, teacher.activations());
    ops(KlDivergence{.logits = logits.tensor,
                     .teacher = right.tensor,
                     .targets = part.targets,
                     .losses = part.divergences,
                     .dlogits = dlogits,
                     .temperature = options.temperature,
                     .scale = by_teacher,
                     .now = step_tensor_});
  }
  tape.backward();
}

// hidden_mse * sum over tokens of mean (x - taught)^2.
void Transformer::imitate_hidden(Tape& tape, const Value& x, const Tensor& taught, const BatchTensors& batch,
                                 const LossOptions& options) {
  Ops& ops = tape.ops();
  const Tensor difference = tape.take(x.tensor.shape);
  ops(ScaledAdd{.a = x.tensor, .b = taught, .y = difference, .a_scale = 1.0f, .b_scale = -1.0f});
  ops(SumSquares{.x = difference, .sums = batch.hidden_error, .index = 0});
  if (!tape.recording()) return;
  const Tensor dx = x.gradient->tensor.view(x.tensor.shape);
  ops(ScaledAdd{.a = dx,
                .b = difference,
                .y = dx,
                .a_scale = 1.0f,
                .b_scale = 2.0f * options.hidden_mse / static_cast<float>(config_.dim),
                .step_factor = StepFactor::loss_scale,
                .now = step_tensor_});
}

}  // namespace tritium::training
