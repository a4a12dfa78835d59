#include <cmath>

#include "model/layer.h"
#include "model/linear.h"

namespace tritium {
namespace {

// Queries or keys on their way from projection to attention: an optional RMSNorm, an optional rotation. `spare` is a
// second buffer, since operations do not work in place. Returns the buffer that holds the result: (n, heads, key_dim).
Tensor norm_and_rotate(const LayerContext& c, Tensor x, Tensor spare, int64_t n_heads, const Tensor& norm_weight) {
  const Shape heads = {c.n, n_heads, c.config.key_dim};
  if (c.config.qk_norm != QkNorm::none) {
    const Shape shape = c.config.qk_norm == QkNorm::per_head ? heads : Shape{c.n, n_heads * c.config.key_dim};
    c.ops(RmsNorm{.x = x.view(shape), .weight = norm_weight, .y = spare.view(shape), .eps = c.config.rms_eps});
    std::swap(x, spare);
  }
  if (c.layer_config.rope && c.config.rope_dims > 0) {
    c.ops(Rope{.x = x.view(heads),
               .rows = c.token_rows(),
               .cos_sin = c.state.cos_sin,
               .y = spare.view(heads),
               .pairing = c.config.rope_pairing});
    std::swap(x, spare);
  }
  return x.view(heads);
}

}  // namespace

void attention_part(const LayerContext& c) {
  const Ops::Label label(c.ops, "attention");
  const Config& config = c.config;
  const LayerWeights& w = c.weights;
  ActivationBuffers& a = c.state.act;
  const Tensor x = c.rows(a.x, config.dim);
  const Tensor normed = c.rows(a.normed, config.dim);
  c.ops(RmsNorm{.x = x, .weight = w.attn_norm, .y = normed, .eps = config.rms_eps});

  const LinearInput input(c.ops, c.state, c.adapters, normed, {&w.attn_q, &w.attn_k, &w.attn_v});
  input.times(w.attn_q, c.rows(a.q, config.q_dim()));
  input.times(w.attn_k, c.rows(a.k, config.k_dim()));
  input.times(w.attn_v, c.rows(a.v, config.v_dim()));

  const Tensor q = norm_and_rotate(c, a.q, a.q2, config.n_heads, w.attn_q_norm);
  const Tensor k = norm_and_rotate(c, a.k, a.k2, config.n_kv_heads, w.attn_k_norm);
  c.ops(StoreKv{.k = k,
                .v = a.v.view({c.n, config.n_kv_heads, config.value_dim}),
                .rows = c.token_rows(),
                .k_cache = c.cache.k,
                .v_cache = c.cache.v});
  c.ops(Attention{.q = q,
                  .rows = c.token_rows(),
                  .k_cache = c.cache.k,
                  .v_cache = c.cache.v,
                  .y = a.mixed.view({c.n, config.n_heads, config.value_dim}),
                  .window = c.layer_config.window,
                  .scale = 1.0f / std::sqrt(static_cast<float>(config.key_dim))});

  Tensor mixed = c.rows(a.mixed, config.n_heads * config.value_dim);
  if (config.attn_sub_norm) {
    const Tensor sub = c.rows(a.mixed2, config.n_heads * config.value_dim);
    c.ops(RmsNorm{.x = mixed, .weight = w.attn_sub_norm, .y = sub, .eps = config.rms_eps});
    mixed = sub;
  }
  const Tensor branch = c.rows(a.branch, config.dim);
  LinearInput(c.ops, c.state, c.adapters, mixed, {&w.attn_output}).times(w.attn_output, branch);
  c.ops(Add{.a = x, .b = branch, .y = c.rows(a.x_mid, config.dim)});
}

}  // namespace tritium
