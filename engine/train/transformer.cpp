#include "train/transformer.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/format_text.h"
#include "graph/stream.h"
#include "model/bigram.h"
#include "model/rope_table.h"
#include "model/weights.h"

namespace tritium::training {
namespace {

// Logits that exist at once.
constexpr int64_t kLogitBytes = int64_t{64} << 20;

}  // namespace

Rotation Transformer::rotation_of(Allocator& allocator, const Tensor& rows, int64_t sequence_length) const {
  Rotation rotation = {.rows = rows, .cos_sin = {}, .pairing = config_.rope_pairing};
  if (config_.rope_dims == 0) return rotation;
  rotation.cos_sin = allocator.tensor("cos_sin", {sequence_length, config_.rope_dims / 2, 2});
  const std::vector<float> table = rope_table(config_, rope_factors_, 0, sequence_length);
  allocator.upload(rotation.cos_sin, std::as_bytes(std::span(table)));
  return rotation;
}

BatchTensors& Transformer::tensors_of(Allocator& allocator, int64_t n_sequences, int64_t sequence_length,
                                      const Transformer* teacher) {
  auto found = std::ranges::find_if(
      batches_, [&](const auto& b) { return b->n_sequences == n_sequences && b->sequence_length == sequence_length; });
  if (found == batches_.end())
    found =
        batches_.insert(found, std::make_unique<BatchTensors>(make_tensors(allocator, n_sequences, sequence_length)));
  BatchTensors& b = **found;
  if (teacher && !b.hidden_error) {
    b.teacher_rotation = teacher->rotation_of(allocator, b.rotation.rows, sequence_length);
    b.hidden_error = allocator.tensor("hidden_error", {1});
    for (BatchTensors::Part& part : b.parts) part.divergences = allocator.tensor("divergences", {part.rows});
  }
  return b;
}

BatchTensors Transformer::make_tensors(Allocator& allocator, int64_t n_sequences, int64_t sequence_length) const {
  BatchTensors b{.n_sequences = n_sequences, .sequence_length = sequence_length};
  const int64_t n = b.n_tokens();
  std::vector<int32_t> rows, ids(static_cast<size_t>(n));
  for (int64_t t = 0; t < n; ++t) {
    rows.push_back(static_cast<int32_t>(t % sequence_length));
    rows.push_back(static_cast<int32_t>(t - t % sequence_length));
  }
  b.tokens = allocator.tensor("tokens", {n}, DType::i32);
  if (config_.lab.bigram_dim > 0) b.bigrams = allocator.tensor("bigrams", {n}, DType::i32);
  const Tensor row_tensor = allocator.tensor("rows", {n, 2}, DType::i32);
  allocator.upload(row_tensor, std::as_bytes(std::span(rows)));
  b.rotation = rotation_of(allocator, row_tensor, sequence_length);
  std::iota(ids.begin(), ids.end(), 0);
  const int64_t most = std::clamp<int64_t>(kLogitBytes / (4 * config_.vocab_size), 1, n);
  for (int64_t first = 0; first < n; first += most) {
    const int64_t size = std::min(most, n - first);
    b.parts.push_back({.first = first,
                       .rows = size,
                       .row_ids = allocator.tensor("row_ids", {size}, DType::i32),
                       .targets = allocator.tensor("targets", {size}, DType::i32),
                       .losses = allocator.tensor("losses", {size}),
                       .divergences = {}});
    const auto own = std::span(ids).subspan(static_cast<size_t>(first), static_cast<size_t>(size));
    allocator.upload(b.parts.back().row_ids, std::as_bytes(own));
  }
  for (size_t step = 0; config_.moe() && step < config_.order.size(); ++step)
    b.routers.push_back({.logits = allocator.tensor("router.logits", {n, config_.n_experts}),
                         .load = allocator.tensor("router.load", {config_.n_experts})});
  return b;
}

void Transformer::upload_step(Ops& ops) const { ops.upload(step_tensor_, std::as_bytes(std::span(&now_, 1))); }

LayerContext Transformer::layer_of(Tape& tape, const Rotation& rotation, int64_t n_sequences, int64_t index) const {
  return {.tape = tape,
          .config = config_,
          .layer_config = config_.layers[static_cast<size_t>(index)],
          .parameters = parameters_.layers[static_cast<size_t>(index)],
          .cache = nullptr,
          .rotation = rotation,
          .n_sequences = n_sequences};
}

// Normed, before the head. `options`: of a pass that trains, or looks at its routers.
Value Transformer::hidden(Tape& tape, const BatchTensors& batch, const Rotation& rotation, ActivationMode inputs,
                          const LossOptions* options) {
  const auto done = [&](int64_t layer) {
    if (options && options->update)
      tape.on_backward([this, &tape, update = options->update, layer] {
        record_adapter_gradients(tape.ops(), layer);
        update->record(tape.ops(), layer);
      });
  };
  const float router_scale = options ? options->router_scale : 0.0f;
  const StreamInputs stream_inputs = {
      .tokens = batch.tokens, .bigrams = batch.bigrams, .rows = rotation.rows, .smear_cache = {}};
  if (options && options->update) options->update->begin();
  done(-1);
  Stream stream(tape, config_, parameters_, stream_inputs, inputs);
  const auto run = [this, &batch, &rotation, inputs, router_scale](Tape& on, const Value& x, size_t step,
                                                                   const LayerEmbeddings& embeddings, bool observed) {
    const int64_t i = config_.order[step];
    const Ops::Label label(on.ops(), join("layer", i));
    LayerContext layer = layer_of(on, rotation, batch.n_sequences, i);
    layer.activations = inputs;
    layer.balance = recipe_.balance * router_scale;
    layer.z_loss = recipe_.z_loss * router_scale;
    layer.embeddings = embeddings;
    if (observed && config_.moe()) layer.router = batch.routers[step];
    return transformer_layer(layer, x);
  };
  for (size_t step = 0; step < config_.order.size(); ++step) {
    done(config_.order[step]);
    const bool observed = options != nullptr;
    if (observed) count_uses(tape, batch, step), balance_choice(tape, batch, step, *options);
    const Value x = stream.input_of_step(step);
    const LayerEmbeddings embeddings = stream.embeddings_of_step(step);
    if (!recipe_.checkpoint_activations || !tape.recording()) {
      stream.end_step(step, run(tape, x, step, embeddings, observed));
      continue;
    }
    Tape once = tape.forward_only();
    const Value y = {run(once, x, step, embeddings, observed).tensor, std::make_shared<Gradient>()};
    tape.on_backward([&tape, run, x, y, step, embeddings] {
      Tape again = tape.again();
      const Value out = run(again, x, step, embeddings, false);
      out.gradient->tensor = y.gradient->tensor;
      again.backward();
    });
    stream.end_step(step, y);
  }
  done(config_.n_layers());
  return rms_norm(tape, stream.value(), *parameters_.output_norm, config_.rms_eps);
}

void Transformer::count_uses(Tape& tape, const BatchTensors& batch, size_t step) const {
  if (uses_.empty()) return;
  tape.on_backward([&tape, uses = uses_[static_cast<size_t>(config_.order[step])], load = batch.routers[step].load] {
    tape.ops()(ScaledAdd{.a = uses, .b = load, .y = uses, .a_scale = 1.0f, .b_scale = 1.0f});
  });
}

// After the layer's gradients, for what is computed again chooses as it did before.
void Transformer::balance_choice(Tape& tape, const BatchTensors& batch, size_t step, const LossOptions& options) const {
  const Parameter* bias = parameters_.layers[static_cast<size_t>(config_.order[step])].ffn_router_bias;
  if (!bias || options.router_scale == 0.0f || recipe_.bias_rate == 0.0f || recipe_.routers == WeightMode::frozen)
    return;
  tape.on_backward([&tape, bias, load = batch.routers[step].load, rate = recipe_.bias_rate] {
    tape.ops()(BalanceBias{.load = load, .bias = vector_of(*bias), .rate = rate});
  });
}

void Transformer::upload_tokens(Ops& ops, const BatchTensors& batch, std::span<const int32_t> tokens) const {
  ops.upload(batch.tokens, std::as_bytes(tokens));
  if (!batch.bigrams) return;
  const std::vector<int32_t> ids = bigrams_of(tokens, batch.sequence_length, config_.lab.bigram_buckets);
  ops.upload(batch.bigrams, std::as_bytes(std::span(ids)));
}

// Capped, where the model caps them; in `into` if it is given.
Value Transformer::logits_of(Tape& tape, const Value& x, ActivationMode inputs, const Tensor& into) const {
  const Value y = LinearInput(x, inputs).times(tape, *parameters_.output, {}, into);
  return config_.lab.logit_cap > 0.0f ? soft_cap(tape, y, config_.lab.logit_cap, into) : y;
}

std::vector<float> Transformer::logits(Ops& ops, Workspace& workspace, const TokenBatch& batch, ActivationMode inputs) {
  if (!ops.ok()) return {};
  Allocator allocator(ops.backend());
  const BatchTensors& b = tensors_of(allocator, batch.n_sequences, batch.sequence_length);
  const Tensor out = allocator.tensor("logits", {b.n_tokens(), config_.vocab_size});
  if (!allocator.ok()) {
    ops.fail(allocator.status());
    return {};
  }
  upload_tokens(ops, b, batch.inputs);
  const Status status = workspace.run_once([&](Ops& recorded) {
    Tape tape(recorded);
    const Value x = hidden(tape, b, b.rotation, inputs, nullptr);
    logits_of(tape, x, inputs, out);
  });
  if (!status.ok()) ops.fail(status);
  std::vector<float> values(static_cast<size_t>(out.elements()));
  ops.download(out, std::as_writable_bytes(std::span(values)));
  return values;
}

void Transformer::make_soft(Allocator& allocator) {
  for (const auto& quantizer : quantizers_)
    for (BitLinear* member : quantizer->members())
      if (quantizer->packs() && !member->effective.data) member->make_effective(allocator);
}

void Transformer::drop_soft() {
  for (const auto& quantizer : quantizers_)
    for (BitLinear* member : quantizer->members())
      if (quantizer->packs()) member->effective = {};
}

void Transformer::requantize(Ops& ops, float lambda) {
  if (lambda < 1.0f) {
    Allocator allocator(ops.backend());
    make_soft(allocator);
    ops.fail(allocator.status());
    for (const auto& quantizer : quantizers_) quantizer->soften(ops, lambda, {});
    return;
  }
  drop_soft();
  for (const auto& quantizer : quantizers_) {
    // Starting to train from a ternary model changes no output bit.
    const bool as_loaded = std::ranges::all_of(quantizer->members(), [](const BitLinear* m) { return m->as_loaded; });
    if (!as_loaded) quantizer->quantize(ops);
  }
}

void Transformer::record_requantize(Ops& ops, int64_t layer, bool soft) {
  for (const auto& quantizer : quantizers_) {
    if (quantizer->layer() != layer) continue;
    if (soft) {
      quantizer->soften(ops, 1.0f, step_tensor_);
    } else if (!quantizer->packs_while_updating() ||
               std::ranges::any_of(quantizer->members(), &BitLinear::adapter_inside)) {
      quantizer->quantize(ops);
    }
  }
}

void Transformer::restore(Ops& ops, float lambda) {
  for (const auto& quantizer : quantizers_)
    if (!quantizer->kept()) quantizer->measure(ops, true);
  if (lambda < 1.0f) return requantize(ops, lambda);
  for (const auto& quantizer : quantizers_)
    if (!quantizer->kept()) quantizer->quantize(ops);  // the others are as they were stored
}

const WeightQuantizer* Transformer::quantizer_of(const BitLinear& parameter) const {
  for (const auto& quantizer : quantizers_)
    if (std::ranges::count(quantizer->members(), &parameter) > 0) return quantizer.get();
  return nullptr;
}

std::vector<BitLinear*> Transformer::parameters_of(int64_t layer) const {
  std::vector<BitLinear*> found;
  for (BitLinear* p : order_)
    if (p->layer == layer) found.push_back(p);
  return found;
}

// A hash of the addresses, whatever a recording holds on to keeps its own, and of the steps that it has.
uint64_t Transformer::structure() const {
  uint64_t hash = 0;
  for (const BitLinear* p : order_)
    for (const Weight* w : {&p->packed, &p->shadow, &p->effective})
      hash = hash * 0x100000001b3u +
             (reinterpret_cast<uintptr_t>(w->data.buffer.get()) / 16 ^ std::bit_cast<uint32_t>(w->code_step));
  return hash;
}

}  // namespace tritium::training
