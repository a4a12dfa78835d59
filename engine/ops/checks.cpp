#include "ops/checks.h"

#include <algorithm>

#include "base/checked_math.h"
#include "ops/checker.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

Status check(const EmbeddingArgs& a) {
  Checker c(a.kName);
  c.rank("tokens", a.tokens, 1).weight(a.table, a.table.ternary());
  if (!c.ok() || !a.tokens) return c.tensor("tokens", a.tokens, DType::i32, {1}).status();
  return c.tensor("tokens", a.tokens, DType::i32, a.tokens.shape)
      .tensor("y", a.y, DType::f32, {a.tokens.elements(), a.table.cols})
      .status();
}

Status check(const RmsNormArgs& a) {
  Checker c(a.kName);
  c.tensor("x", a.x, DType::f32, a.x.shape).that(a.x.shape.rank() >= 1, "x must have a dimension");
  if (!c.ok()) return c.status();
  return c.tensor("weight", a.weight, DType::f32, {a.x.shape[-1]}).tensor("y", a.y, DType::f32, a.x.shape).status();
}

Status check(const QuantizeActivationsArgs& a) {
  Checker c(a.kName);
  c.tensor("x", a.x, DType::f32, a.x.shape).rank("x", a.x, 2).rank("scales", a.scales, 2);
  if (!c.ok() || !a.scales) return c.tensor("scales", a.scales, DType::f32, a.scales.shape).status();
  const int64_t padded = round_up(a.x.shape[1], TernaryMatrix::kRowAlign);
  return c.tensor("q", a.q, DType::i8, {a.x.shape[0], padded})
      .tensor("scales", a.scales, DType::f32, {a.x.shape[0], a.scales.shape[1]})
      .that(a.scales.shape[1] == 1 || a.scales.shape[1] == padded / 256, "one scale a token or one a block of 256")
      .status();
}

Status check(const TernaryMatmulArgs& a) {
  Checker c(a.kName);
  c.weight(a.weight, true).rank("q", a.q, 2).rank("scales", a.scales, 2).rank("expert_ids", a.expert_ids, 2);
  if (!c.ok() || !a.q || !a.scales) return c.that(a.q && a.scales, "q and scales are needed").status();
  const int64_t blocks = a.scales.shape[1];
  return c.tensor("q", a.q, DType::i8, {a.q.shape[0], a.weight.row_stride})
      .tensor("scales", a.scales, DType::f32, {a.q.shape[0], blocks})
      .that(blocks == 1 || blocks == a.weight.row_stride / 256, "one scale a token or one a block of 256")
      .product(a.weight, a.q.shape[0], a.expert_ids, a.y)
      .status();
}

Status check(const TernaryMatmulF32Args& a) {
  Checker c(a.kName);
  c.weight(a.weight, true).rank("x", a.x, 2).rank("expert_ids", a.expert_ids, 2);
  if (!c.ok() || !a.x) return c.that(static_cast<bool>(a.x), "x is needed").status();
  return c.tensor("x", a.x, DType::f32, {a.x.shape[0], a.weight.cols})
      .product(a.weight, a.x.shape[0], a.expert_ids, a.y)
      .status();
}

Status check(const DenseMatmulArgs& a) {
  Checker c(a.kName);
  c.weight(a.weight, false).rank("x", a.x, 2).rank("expert_ids", a.expert_ids, 2);
  if (!c.ok() || !a.x) return c.that(static_cast<bool>(a.x), "x is needed").status();
  return c.tensor("x", a.x, DType::f32, {a.x.shape[0], a.weight.cols})
      .product(a.weight, a.x.shape[0], a.expert_ids, a.y)
      .status();
}

Status check(const RopeArgs& a) {
  Checker c(a.kName);
  c.rank("x", a.x, 3).rank("cos_sin", a.cos_sin, 3).tensor("x", a.x, DType::f32, a.x.shape);
  if (!c.ok() || !a.cos_sin) return c.that(static_cast<bool>(a.cos_sin), "cos_sin is needed").status();
  return c.tensor("cos_sin", a.cos_sin, DType::f32, {a.x.shape[0], a.cos_sin.shape[1], 2})
      .that(2 * a.cos_sin.shape[1] <= a.x.shape[2], "no more values can be rotated than a head has")
      .tensor("y", a.y, DType::f32, a.x.shape)
      .status();
}

Status check(const StoreKvArgs& a) {
  Checker c(a.kName);
  c.rank("k", a.k, 3).rank("v", a.v, 3).rank("k_cache", a.k_cache, 3).rank("v_cache", a.v_cache, 3);
  c.tensor("k", a.k, DType::f32, a.k.shape).tensor("v", a.v, DType::f32, a.v.shape);
  if (!c.ok() || !a.k_cache || !a.v_cache) return c.that(a.k_cache && a.v_cache, "caches are needed").status();
  const int64_t capacity = a.k_cache.shape[0];
  return c.tensor("k_cache", a.k_cache, DType::f32, {capacity, a.k.shape[1], a.k.shape[2]})
      .tensor("v_cache", a.v_cache, DType::f32, {capacity, a.v.shape[1], a.v.shape[2]})
      .that(a.v.shape[0] == a.k.shape[0] && a.v.shape[1] == a.k.shape[1], "k and v must agree in tokens and heads")
      .that(a.position >= 0 && a.position + a.k.shape[0] <= capacity, "the caches are full")
      .status();
}

Status check(const AttentionArgs& a) {
  Checker c(a.kName);
  c.rank("q", a.q, 3).rank("k_cache", a.k_cache, 3).rank("v_cache", a.v_cache, 3);
  c.tensor("q", a.q, DType::f32, a.q.shape).tensor("k_cache", a.k_cache, DType::f32, a.k_cache.shape);
  c.tensor("v_cache", a.v_cache, DType::f32, a.v_cache.shape);
  if (!c.ok()) return c.status();
  const int64_t n_kv_heads = a.k_cache.shape[1];
  return c.that(a.k_cache.shape[2] == a.q.shape[2], "q and k must have the same head size")
      .that(a.v_cache.shape[1] == n_kv_heads && a.v_cache.shape[0] == a.k_cache.shape[0], "k and v caches must agree")
      .that(a.q.shape[1] % n_kv_heads == 0, "query heads must be a multiple of kv heads")
      .that(a.position >= 0 && a.window >= 0, "position and window must not be negative")
      .that(a.n_sequences >= 1 && a.q.shape[0] % a.n_sequences == 0 && a.k_cache.shape[0] % a.n_sequences == 0,
            "sequences must share tokens and cache rows equally")
      .that(a.position + a.q.shape[0] / std::max<int64_t>(a.n_sequences, 1) <=
                a.k_cache.shape[0] / std::max<int64_t>(a.n_sequences, 1),
            "queries lie beyond the cache")
      .tensor("y", a.y, DType::f32, {a.q.shape[0], a.q.shape[1], a.v_cache.shape[2]})
      .status();
}

Status check(const GatedActivationArgs& a) {
  return Checker(a.kName)
      .tensor("gate", a.gate, DType::f32, a.gate.shape)
      .tensor("up", a.up, DType::f32, a.gate.shape)
      .tensor("y", a.y, DType::f32, a.gate.shape)
      .that(a.clamp >= 0.0f, "clamp must not be negative")
      .status();
}

Status check(const AddArgs& a) {
  return Checker(a.kName)
      .tensor("a", a.a, DType::f32, a.a.shape)
      .tensor("b", a.b, DType::f32, a.a.shape)
      .tensor("y", a.y, DType::f32, a.a.shape)
      .status();
}

Status check(const RouteTokensArgs& a) {
  Checker c(a.kName);
  c.rank("logits", a.logits, 2).rank("expert_ids", a.expert_ids, 2);
  c.tensor("logits", a.logits, DType::f32, a.logits.shape);
  if (!c.ok() || !a.expert_ids) return c.that(static_cast<bool>(a.expert_ids), "expert_ids is needed").status();
  const int64_t k = a.expert_ids.shape[1];
  return c.tensor("expert_ids", a.expert_ids, DType::i32, {a.logits.shape[0], k})
      .tensor("weights", a.weights, DType::f32, {a.logits.shape[0], k})
      .that(k >= 1 && k <= a.logits.shape[1], "top_k must be 1 to n_experts")
      .status();
}

Status check(const CombineExpertsArgs& a) {
  Checker c(a.kName);
  c.rank("weights", a.weights, 2).rank("y", a.y, 2).tensor("weights", a.weights, DType::f32, a.weights.shape);
  c.tensor("y", a.y, DType::f32, a.y.shape);
  if (!c.ok()) return c.status();
  return c.that(a.weights.shape[0] == a.y.shape[0], "weights and y must have the same tokens")
      .tensor("x", a.x, DType::f32, {a.weights.elements(), a.y.shape[1]})
      .status();
}

}  // namespace tritium
