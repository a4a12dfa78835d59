#include "model/stream.h"

#include "graph/stream.h"

namespace tritium {

Stream::Stream(Tape& tape, const Config& config, const ModelParameters& parameters, const StreamInputs& inputs,
               ActivationMode activations)
    : tape_(tape),
      config_(config),
      parameters_(parameters),
      inputs_(inputs),
      activations_(activations),
      results_(config.layers.size()),
      computed_(config.layers.size()) {
  x_ = x0_ = embed();
  embed_values();
}

Value Stream::embed() {
  const ModelParameters& p = parameters_;
  Value x = embedding(tape_, *p.token_embd, inputs_.tokens);
  if (p.bigram_embd) {
    const Value rows = embedding(tape_, *p.bigram_embd, inputs_.bigrams);
    const Value projected = LinearInput(rows, activations_).times(tape_, *p.bigram_output);
    x = add_scaled_columns(tape_, x, projected, *p.bigram_scale);
  }
  if (p.token_embd_norm) x = rms_norm(tape_, x, *p.token_embd_norm, config_.rms_eps);
  if (!p.smear_gate) return x;
  const Value before = previous_rows(tape_, x, inputs_.rows, inputs_.smear_cache);
  return add_scaled_columns(tape_, x, add_scaled(tape_, before, x, -1.0f), *p.smear_gate, true);
}

void Stream::embed_values() {
  const ModelParameters& p = parameters_;
  if (!p.value_embd) return;
  const Value rows = embedding(tape_, *p.value_embd, inputs_.tokens);
  value_embedding_ =
      scale_columns(tape_, LinearInput(rows, activations_).times(tape_, *p.value_output), *p.value_embd_scale);
}

Value Stream::input_of_step(size_t step) {
  const int64_t layer = config_.order[step];
  const LayerParameters& w = parameters_.layers[static_cast<size_t>(layer)];
  Value x = x_;
  if (w.skip_scale && !computed_[static_cast<size_t>(layer)])
    x = add_scaled_columns(tape_, x, results_[static_cast<size_t>(config_.skip_source(layer))], *w.skip_scale);
  if (w.x0_scale) x = add_scaled_columns(tape_, scale_columns(tape_, x, *w.stream_scale), x0_, *w.x0_scale);
  return x;
}

LayerEmbeddings Stream::embeddings_of_step(size_t step) {
  const auto layer = static_cast<size_t>(config_.order[step]);
  LayerEmbeddings embeddings;
  if (config_.layers[layer].value_embedding) embeddings.values = value_embedding_;
  if (config_.layers[layer].ple_dim > 0) embeddings.tokens = inputs_.tokens, embeddings.x0 = x0_;
  return embeddings;
}

void Stream::end_step(size_t step, const Value& x) {
  const auto layer = static_cast<size_t>(config_.order[step]);
  x_ = x;
  computed_[layer] = true;
  if (config_.lab.skips && static_cast<int64_t>(layer) < config_.n_layers() / 2) results_[layer] = x;
}

}  // namespace tritium
