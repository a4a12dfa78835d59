// x + W_down (act(W_gate h) * W_up h), h = norm(x): dense, or by the experts that a router chooses for each token.
#include "model/layer.h"
#include "model/linear.h"

namespace tritium {
namespace {

// down(act(gate x) * up x); with expert_ids (R, k), a row for each slot, by the expert chosen for it.
Tensor gated_ffn(const LayerContext& c, const Tensor& x, const Tensor& expert_ids) {
  const LayerWeights& w = c.weights;
  const LinearInput input(c.ops, c.adapters, c.activations, x, {&w.ffn_gate, &w.ffn_up});
  const Tensor gate = input.times(w.ffn_gate, expert_ids), up = input.times(w.ffn_up, expert_ids);
  Tensor hidden = c.ops.temporary(gate.shape);
  c.ops(GatedActivation{
      .gate = gate, .up = up, .y = hidden, .activation = c.config.activation, .clamp = c.layer_config.swiglu_clamp});
  if (c.config.ffn_sub_norm) hidden = c.norm(hidden, w.ffn_sub_norm);
  return LinearInput(c.ops, c.adapters, c.activations, hidden, {&w.ffn_down}).times(w.ffn_down, expert_ids);
}

// sum over the chosen experts, g_e * expert_e(x)
Tensor mixture_of_experts(const LayerContext& c, const Tensor& x) {
  const Config& config = c.config;
  const int64_t n = x.shape[0], k = config.n_experts_used;
  const Tensor ids = c.ops.temporary({n, k}, DType::i32), weights = c.ops.temporary({n, k});
  const Tensor logits = LinearInput(c.ops, c.adapters, c.activations, x, {}).times(c.weights.ffn_router);
  c.ops(RouteTokens{.logits = logits,
                    .expert_ids = ids,
                    .weights = weights,
                    .renormalize = config.renormalize_experts,
                    .scale = config.expert_scale});
  const Tensor outputs = gated_ffn(c, x, ids);
  const Tensor y = c.ops.temporary({n, config.dim});
  c.ops(CombineExperts{.x = outputs, .weights = weights, .y = y});
  return y;
}

}  // namespace

Tensor feed_forward_part(const LayerContext& c, const Tensor& x) {
  const Ops::Label label(c.ops, "ffn");
  const Tensor normed = c.norm(x, c.weights.ffn_norm);
  return c.sum(x, c.config.moe() ? mixture_of_experts(c, normed) : gated_ffn(c, normed, {}));
}

}  // namespace tritium
