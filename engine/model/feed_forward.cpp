// x + W_down (act(W_gate h) * W_up h), h = norm(x): dense, or by the experts that a router chooses for each token.
#include "model/layer.h"

namespace tritium {
namespace {

// down(act(gate x) * up x); with expert_ids (R, k), a row for each slot, by the expert chosen for it.
Value gated_ffn(const LayerContext& c, const Value& x, const Tensor& expert_ids) {
  const LayerParameters& w = c.parameters;
  const InputNorms& norms = w.input_norms;
  ProjectionInput input(c, x);
  const Value gate = input.times(*w.ffn_gate, norms.ffn_gate, expert_ids),
              up = input.times(*w.ffn_up, norms.ffn_up, expert_ids);
  Value hidden = gated_activation(c.tape, gate, up, c.config.activation, c.layer_config.swiglu_clamp);
  if (c.config.ffn_sub_norm) hidden = rms_norm(c.tape, hidden, *w.ffn_sub_norm, c.config.rms_eps);
  return ProjectionInput(c, hidden).times(*w.ffn_down, norms.ffn_down, expert_ids);
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
                       .load = c.router.load});
}

Value mixture_of_experts(const LayerContext& c, const Value& x) {
  const Routing routing = route_to_experts(c, x);
  return combine_experts(c.tape, gated_ffn(c, x, routing.expert_ids), routing);
}

Value feed_forward_part(const LayerContext& c, const Value& x) {
  const Ops::Label label(c.tape.ops(), "ffn");
  const Value normed = rms_norm(c.tape, x, *c.parameters.ffn_norm, c.config.rms_eps);
  return add(c.tape, x, c.config.moe() ? mixture_of_experts(c, normed) : gated_ffn(c, normed, {}));
}

}  // namespace tritium
