// x + W_o attention(rope(norm(W_q h)), rope(norm(W_k h)), W_v h), h = norm(x).
#include <cmath>

#include "graph/stream.h"
#include "model/layer.h"

namespace tritium {
namespace {

// Queries or keys on their way from projection to attention: an optional RMSNorm, an optional rotation.
// (R, heads, key_dim)
Value norm_and_rotate(const LayerContext& c, Value x, int64_t n_heads, const Parameter* norm) {
  const Shape heads = {x.tensor.shape[0], n_heads, c.layer_config.key_dim};
  if (c.config.qk_norm == QkNorm::whole) x = rms_norm(c.tape, x, *norm, c.config.rms_eps);
  x = x.view(heads);
  const bool per_head = c.config.qk_norm == QkNorm::per_head;
  const bool after = c.config.qk_norm_after_rope;
  if (per_head && !after) x = rms_norm(c.tape, x, *norm, c.config.rms_eps);
  if (c.layer_config.rope && c.config.rope_dims > 0) x = rope(c.tape, x, c.rotation);
  return per_head && after ? rms_norm(c.tape, x, *norm, c.config.rms_eps) : x;
}

}  // namespace

Value attention_part(const LayerContext& c, const Value& x) {
  const Ops::Label label(c.tape.ops(), "attention");
  const Config& config = c.config;
  const LayerConfig& layer = c.layer_config;
  const LayerParameters& w = c.parameters;
  const int64_t n = x.tensor.shape[0];
  ProjectionInput input(c, rms_norm(c.tape, x, *w.attn_norm, config.rms_eps));
  const InputNorms& norms = w.input_norms;
  const Value queries = input.times(*w.attn_q, norms.attn_q), keys = input.times(*w.attn_k, norms.attn_k);
  Value values = input.times(*w.attn_v, norms.attn_v);
  if (w.value_scale) values = add_scaled_columns(c.tape, values, c.embeddings.values, *w.value_scale);
  const Value v = values.view({n, layer.n_kv_heads, layer.value_dim});
  Value q = norm_and_rotate(c, queries, layer.n_heads, w.attn_q_norm);
  if (w.query_gain) q = scale_columns(c.tape, q, *w.query_gain);
  const Value k = norm_and_rotate(c, keys, layer.n_kv_heads, w.attn_k_norm);
  const AttentionShape shape = {.rows = c.rotation.rows,
                                .n_sequences = c.n_sequences,
                                .window = layer.window,
                                .scale = 1.0f / std::sqrt(static_cast<float>(layer.key_dim))};
  Value mixed = c.cache ? attention_over_cache(c.tape, q, k, v, *c.cache, shape) : attention(c.tape, q, k, v, shape);
  if (layer.exclusive) mixed = reject_values(c.tape, mixed, v);
  mixed = mixed.view({n, layer.mixed_dim()});
  if (config.attn_sub_norm) mixed = rms_norm(c.tape, mixed, *w.attn_sub_norm, config.rms_eps);
  const Value y = ProjectionInput(c, mixed).times(*w.attn_output, norms.attn_output);
  return w.attn_scale ? add_scaled_columns(c.tape, x, y, *w.attn_scale) : add(c.tape, x, y);
}

}  // namespace tritium
