#include "training/transformer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format_text.h"
#include "model/rope_table.h"
#include "model/weights.h"

namespace tritium::training {
Transformer::Transformer(const Config& config, const Recipe& recipe) : config_(config), recipe_(recipe) {}

Value Transformer::layer_forward(Tape& tape, const Value& x, int64_t index, std::vector<RouterState>* routers) {
  const Ops::Label label(tape.ops(), join("layer", index));
  const LayerContext layer{.tape = tape,
                           .config = config_,
                           .layer_config = config_.layers[static_cast<size_t>(index)],
                           .parameters = parameters_.layers[static_cast<size_t>(index)],
                           .cache = nullptr,
                           .rotation = rotation_,
                           .n_sequences = n_sequences_,
                           .activations = activations(),
                           .balance = recipe_.balance * router_scale_,
                           .z_loss = recipe_.z_loss * router_scale_,
                           .routers = routers};
  return feed_forward_part(layer, attention_part(layer, x));
}

void Transformer::prepare(Ops& ops, const TokenBatch& batch) {
  const int64_t n = batch.n_sequences * batch.sequence_length;
  const auto allocate = [&](const Shape& shape, DType dtype, const char* name) {
    Result<Tensor> tensor = ops.backend().allocate(shape, dtype, name);
    if (!tensor.ok()) ops.fail(tensor.status());
    return tensor.ok() ? *tensor : Tensor();
  };
  if (n_sequences_ != batch.n_sequences || sequence_length_ != batch.sequence_length) {
    n_sequences_ = batch.n_sequences;
    sequence_length_ = batch.sequence_length;
    tokens_ = allocate({n}, DType::i32, "tokens");
    rotation_ = {.rows = allocate({n, 2}, DType::i32, "rows"), .cos_sin = {}, .pairing = config_.rope_pairing};
    std::vector<int32_t> rows;
    for (int64_t t = 0; t < n; ++t) {
      const int64_t position = t % batch.sequence_length;
      rows.push_back(static_cast<int32_t>(position));
      rows.push_back(static_cast<int32_t>(t - position));
    }
    if (ops.ok()) ops.upload(rotation_.rows, std::as_bytes(std::span(rows)));
    if (config_.rope_dims > 0) {
      const std::vector<float> table = rope_table(config_, rope_factors_, 0, batch.sequence_length);
      rotation_.cos_sin = allocate({batch.sequence_length, config_.rope_dims / 2, 2}, DType::f32, "cos_sin");
      if (ops.ok()) ops.upload(rotation_.cos_sin, std::as_bytes(std::span(table)));
    }
  }
  if (ops.ok()) ops.upload(tokens_, std::as_bytes(batch.inputs));
}

Value Transformer::hidden(Tape& tape, const TokenBatch& batch, const std::function<void(int64_t)>& layer_done) {
  prepare(tape.ops(), batch);
  routers_.clear();
  if (!tape.ops().ok()) return {};
  const auto done = [&](int64_t layer) {
    if (layer_done) tape.on_backward([layer_done, layer] { layer_done(layer); });
  };
  done(-1);
  Value x = embedding(tape, *parameters_.token_embd, tokens_);
  for (int64_t i = 0; i < config_.n_layers() && tape.ops().ok(); ++i) {
    done(i);
    if (!recipe_.checkpoint_activations || !tape.recording()) {
      x = layer_forward(tape, x, i, &routers_);
      continue;
    }
    Tape once = tape.forward_only();
    Value y = tape.make(x.tensor.shape);
    y.tensor = layer_forward(once, x, i, &routers_).tensor;
    tape.on_backward([this, &tape, x, y, i] {
      Tape again = tape.again();
      const Value out = layer_forward(again, x, i, nullptr);
      out.gradient->tensor = y.gradient->tensor;
      again.backward();
    });
    x = y;
  }
  done(config_.n_layers());
  return rms_norm(tape, x, *parameters_.output_norm, config_.rms_eps);
}

std::vector<float> Transformer::logits(Ops& ops, Arena& arena, const TokenBatch& batch, InputKind inputs) {
  const bool int8 = std::exchange(recipe_.int8_activations, recipe_.int8_activations && inputs != InputKind::floats);
  Tape tape(ops, arena, false);
  tape.use_inference_arithmetic();
  if (inputs == InputKind::merged_floats) tape.use_merged_adapters();
  const Value x = hidden(tape, batch, {});
  const bool head_int8 = std::exchange(recipe_.int8_activations, int8);
  if (!ops.ok()) return {};
  const Value logits =
      LinearInput(x, head_int8 ? ActivationMode::int8_per_token : ActivationMode::f32).times(tape, *parameters_.output);
  std::vector<float> out(static_cast<size_t>(logits.tensor.elements()));
  ops.download(logits.tensor, std::as_writable_bytes(std::span(out)));
  return out;
}

// A dense weight to hold what is between shadow and trits.
Status Transformer::make_effective(Backend& backend, BitLinear& layer) {
  const DenseMatrix zeros{.n_matrices = layer.n_matrices,
                          .rows = layer.rows,
                          .cols = layer.cols,
                          .dtype = DType::f32,
                          .bytes = std::vector<std::byte>(static_cast<size_t>(layer.elements()) * 4)};
  Result<Weight> made = backend.upload_weight(zeros, layer.name);
  if (made.ok()) layer.effective = *made;
  return made.status();
}

void Transformer::requantize(Ops& ops, float lambda, int64_t layer) {
  for (const ScaleGroup* group : scale_groups_of(layer)) {
    if (lambda >= 1.0f) {
      for (BitLinear* member : group->members()) member->effective = {};
      // Starting to train from a ternary model changes no output bit.
      const bool as_loaded = std::ranges::all_of(group->members(), [](const BitLinear* m) { return m->as_loaded; });
      if (!as_loaded) group->ternarize(ops);
      continue;
    }
    for (BitLinear* member : group->members())
      if (!member->effective.data)
        if (Status s = make_effective(ops.backend(), *member); !s.ok()) return ops.fail(s);
    group->soften(ops, lambda);
  }
  round_integers(ops, layer);
}

void Transformer::restore(Ops& ops, float lambda) {
  if (lambda < 1.0f) return requantize(ops, lambda);
  for (int64_t layer = -1; layer <= config_.n_layers(); ++layer) round_integers(ops, layer);
}

void Transformer::round_integers(Ops& ops, int64_t layer) const {
  for (const BitLinear* p : parameters_of(layer))
    if (p->trains() && quantizer_of(p->mode) != Quantizer::ternary)
      ops(FakeQuantize{.parameter = p->shadow, .alpha = {}, .y = p->effective, .quantizer = quantizer_of(p->mode)});
}

std::vector<BitLinear*> Transformer::parameters_of(int64_t layer) const {
  std::vector<BitLinear*> found;
  for (BitLinear* p : order_)
    if (p->layer == layer) found.push_back(p);
  return found;
}

std::vector<ScaleGroup*> Transformer::scale_groups_of(int64_t layer) {
  std::vector<ScaleGroup*> found;
  for (ScaleGroup& group : scale_groups_)
    if (group.members().front()->layer == layer) found.push_back(&group);
  return found;
}

}  // namespace tritium::training
