// x + W_down (act(W_gate h) * W_up h), h = norm(x): dense, or by the experts that a router chooses for each token.
#include <cmath>

#include "graph/stream.h"
#include "model/layer.h"

namespace tritium {
namespace {

// The matrices of a dense layer, of the experts or of the shared one, and the norms before them.
struct FeedForward {
  const Parameter *gate, *up, *down;
  const Parameter *gate_norm = nullptr, *up_norm = nullptr, *down_norm = nullptr;
};

// down(act(gate x) * up x), without a gate down(act(up x)); with expert_ids (R, k), a row for each slot, by the expert
// chosen for it.
Value feed_forward(const LayerContext& c, const Value& x, const FeedForward& w, const Tensor& expert_ids) {
  ProjectionInput input(c, x);
  Value hidden;
  if (w.gate) {
    const Value gate = input.times(*w.gate, w.gate_norm, expert_ids), up = input.times(*w.up, w.up_norm, expert_ids);
    hidden = gated_activation(c.tape, gate, up, c.config.activation, c.layer_config.swiglu_clamp);
  } else {
    hidden = activation(c.tape, input.times(*w.up, w.up_norm, expert_ids), c.config.activation);
  }
  const bool shared = w.up == c.parameters.ffn_up_shexp;
  if (c.config.ffn_sub_norm && !shared) hidden = rms_norm(c.tape, hidden, *c.parameters.ffn_sub_norm, c.config.rms_eps);
  return ProjectionInput(c, hidden).times(*w.down, w.down_norm, expert_ids);
}

FeedForward feed_forward_of(const LayerParameters& w) {
  const InputNorms& norms = w.input_norms;
  return {w.ffn_gate, w.ffn_up, w.ffn_down, norms.ffn_gate, norms.ffn_up, norms.ffn_down};
}

Value per_layer_embedding(const LayerContext& c, const Value& x) {
  const Ops::Label label(c.tape.ops(), "ple");
  const LayerParameters& w = c.parameters;
  const float eps = c.config.rms_eps;
  const Value looked_up = embedding(c.tape, *w.ple_embd, c.embeddings.tokens);
  const Value made =
      rms_norm(c.tape, LinearInput(c.embeddings.x0, c.activations).times(c.tape, *w.ple_input), *w.ple_norm, eps);
  const Value e = add_both(c.tape, looked_up, made, 1.0f / std::sqrt(2.0f));
  const Value gate = LinearInput(x, c.activations).times(c.tape, *w.ple_gate);
  const Value gated = gated_activation(c.tape, gate, e, GateActivation::gelu, 0.0f);
  const Value out = LinearInput(gated, c.activations).times(c.tape, *w.ple_output);
  return add(c.tape, x, rms_norm(c.tape, out, *w.ple_output_norm, eps));
}

}  // namespace

Routing route_to_experts(const LayerContext& c, const Value& x) {
  const Config& config = c.config;
  const Value logits = LinearInput(x, ActivationMode::f32).times(c.tape, *c.parameters.ffn_router, {}, c.router.logits);
  return route_tokens(c.tape, logits,
                      {.top_k = config.n_experts_used,
                       .renormalize = config.renormalize_experts,
                       .scale = config.expert_scale,
                       .balance = c.balance,
                       .z_loss = c.z_loss,
                       .bias = c.parameters.ffn_router_bias ? vector_of(*c.parameters.ffn_router_bias) : Tensor(),
                       .load = c.router.load,
                       .expert_ids = c.router.expert_ids});
}

Value mixture_of_experts(const LayerContext& c, const Value& x) {
  const Routing routing = route_to_experts(c, x);
  const LayerParameters& w = c.parameters;
  Value chosen = combine_experts(c.tape, feed_forward(c, x, feed_forward_of(w), routing.expert_ids), routing);
  if (!w.ffn_up_shexp) return chosen;
  return add(c.tape, chosen, feed_forward(c, x, {w.ffn_gate_shexp, w.ffn_up_shexp, w.ffn_down_shexp}, {}));
}

Value feed_forward_part(const LayerContext& c, const Value& x) {
  const Ops::Label label(c.tape.ops(), "ffn");
  const Value normed = rms_norm(c.tape, x, *c.parameters.ffn_norm, c.config.rms_eps);
  const Value y =
      c.config.moe() ? mixture_of_experts(c, normed) : feed_forward(c, normed, feed_forward_of(c.parameters), {});
  const Parameter* scale = c.parameters.ffn_scale;
  return scale ? add_scaled_columns(c.tape, x, y, *scale) : add(c.tape, x, y);
}

Value transformer_layer(const LayerContext& c, const Value& x) {
  const Value y = feed_forward_part(c, attention_part(c, x));
  return c.layer_config.ple_dim > 0 ? per_layer_embedding(c, y) : y;
}

}  // namespace tritium
