#include "model/layer.h"
#include "model/linear.h"

namespace tritium {
namespace {

// down(act(gate x) * up x) for `rows` rows; with expert_ids, row r by the expert chosen for it.
void gated_ffn(const LayerContext& c, const Tensor& x, int64_t rows, const Tensor& expert_ids, const Tensor& out) {
  const LayerWeights& w = c.weights;
  const ActivationBuffers& a = c.state.act;
  const Shape shape = {rows, w.ffn_gate.rows};
  const LinearInput input(c.ops, c.state, c.adapters, x, {&w.ffn_gate, &w.ffn_up});
  input.times(w.ffn_gate, a.gate.view(shape), expert_ids);
  input.times(w.ffn_up, a.up.view(shape), expert_ids);
  Tensor hidden = a.act.view(shape);
  c.ops(GatedActivation{.gate = a.gate.view(shape),
                        .up = a.up.view(shape),
                        .y = hidden,
                        .activation = c.config.activation,
                        .clamp = c.layer_config.swiglu_clamp});
  if (c.config.ffn_sub_norm) {
    c.ops(RmsNorm{.x = hidden, .weight = w.ffn_sub_norm, .y = a.act2.view(shape), .eps = c.config.rms_eps});
    hidden = a.act2.view(shape);
  }
  LinearInput(c.ops, c.state, c.adapters, hidden, {&w.ffn_down}).times(w.ffn_down, out, expert_ids);
}

// sum over the chosen experts, g_e * expert_e(x)
void mixture_of_experts(const LayerContext& c, const Tensor& x, const Tensor& out) {
  const Config& config = c.config;
  const ActivationBuffers& a = c.state.act;
  const int64_t k = config.n_experts_used;
  const Tensor ids = c.rows(a.expert_ids, k);
  const Tensor weights = c.rows(a.expert_weights, k);
  const Tensor logits = c.rows(a.router, config.n_experts);
  c.ops(DenseMatmul{.x = x, .weight = c.weights.ffn_router, .expert_ids = {}, .y = logits});
  c.ops(RouteTokens{.logits = logits,
                    .expert_ids = ids,
                    .weights = weights,
                    .renormalize = config.renormalize_experts,
                    .scale = config.expert_scale});
  const Tensor expert_out = a.expert_out.view({c.n * k, config.dim});
  gated_ffn(c, x, c.n * k, ids, expert_out);
  c.ops(CombineExperts{.x = expert_out, .weights = weights, .y = out});
}

}  // namespace

void feed_forward_part(const LayerContext& c) {
  const Ops::Label label(c.ops, "ffn");
  const ActivationBuffers& a = c.state.act;
  const Tensor x = c.rows(a.x_mid, c.config.dim);
  const Tensor normed = c.rows(a.normed, c.config.dim);
  const Tensor branch = c.rows(a.branch, c.config.dim);
  c.ops(RmsNorm{.x = x, .weight = c.weights.ffn_norm, .y = normed, .eps = c.config.rms_eps});
  if (c.config.moe()) {
    mixture_of_experts(c, normed, branch);
  } else {
    gated_ffn(c, normed, c.n, {}, branch);
  }
  c.ops(Add{.a = x, .b = branch, .y = c.rows(a.x, c.config.dim)});
}

}  // namespace tritium
