// x + W_o attention(rope(norm(W_q h)), rope(norm(W_k h)), W_v h), h = norm(x), over what the caches hold.
#include <cmath>

#include "model/layer.h"
#include "model/linear.h"

namespace tritium {
namespace {

// Queries or keys on their way from projection to attention: an optional RMSNorm, an optional rotation.
// (R, heads, key_dim)
Tensor norm_and_rotate(const LayerContext& c, Tensor x, int64_t n_heads, const Tensor& norm_weight) {
  const Shape heads = {x.shape[0], n_heads, c.config.key_dim};
  if (c.config.qk_norm == QkNorm::whole) x = c.norm(x, norm_weight);
  x = x.view(heads);
  if (c.config.qk_norm == QkNorm::per_head) x = c.norm(x, norm_weight);
  if (!c.layer_config.rope || c.config.rope_dims == 0) return x;
  const Tensor rotated = c.ops.temporary(heads);
  c.ops(Rope{.x = x, .rows = c.rows, .cos_sin = c.cos_sin, .y = rotated, .pairing = c.config.rope_pairing});
  return rotated;
}

}  // namespace

Tensor attention_part(const LayerContext& c, const Tensor& x) {
  const Ops::Label label(c.ops, "attention");
  const Config& config = c.config;
  const LayerWeights& w = c.weights;
  const int64_t n = x.shape[0];
  const LinearInput input(c.ops, c.adapters, c.activations, c.norm(x, w.attn_norm), {&w.attn_q, &w.attn_k, &w.attn_v});
  const Tensor queries = input.times(w.attn_q), keys = input.times(w.attn_k), values = input.times(w.attn_v);
  const Tensor q = norm_and_rotate(c, queries, config.n_heads, w.attn_q_norm);
  const Tensor k = norm_and_rotate(c, keys, config.n_kv_heads, w.attn_k_norm);
  c.ops(StoreKv{.k = k,
                .v = values.view({n, config.n_kv_heads, config.value_dim}),
                .rows = c.rows,
                .k_cache = c.cache.k,
                .v_cache = c.cache.v});
  Tensor mixed = c.ops.temporary({n, config.n_heads * config.value_dim});
  c.ops(Attention{.q = q,
                  .rows = c.rows,
                  .k_cache = c.cache.k,
                  .v_cache = c.cache.v,
                  .y = mixed.view({n, config.n_heads, config.value_dim}),
                  .window = c.layer_config.window,
                  .scale = 1.0f / std::sqrt(static_cast<float>(config.key_dim))});
  if (config.attn_sub_norm) mixed = c.norm(mixed, w.attn_sub_norm);
  return c.sum(x, LinearInput(c.ops, c.adapters, c.activations, mixed, {&w.attn_output}).times(w.attn_output));
}

}  // namespace tritium
