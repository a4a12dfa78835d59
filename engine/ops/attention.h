#pragma once

#include <algorithm>

#include "ops/kv_cache.h"
#include "ops/op.h"
#include "shaders/params/attention.h"

namespace tritium {

namespace cpu_ref {
void attention(const AttentionParams& p, std::span<const float> q, std::span<const int32_t> rows,
               std::span<const std::byte> k_cache, std::span<const std::byte> v_cache, std::span<const float> k_scales,
               std::span<const float> v_scales, std::span<float> y);
}

// A token's keys are dealt out to splits of so many, for those who compute them side by side (attention_step.h): 128,
// what a workgroup takes at a time, or a multiple that leaves few splits of a large cache.
constexpr int64_t attention_split_keys(int64_t capacity, int64_t n_heads) {
  constexpr int64_t kKeys = 128, kMost = 32, kMostOfAllHeads = 1024;
  const int64_t most = std::clamp<int64_t>(kMostOfAllHeads / n_heads, 1, kMost);
  return kKeys * ceil_div(ceil_div(capacity, kKeys), most);
}

// Causal grouped-query attention: a query at position p sees the keys j of its sequence with p - window < j <= p
// (window 0: all j <= p); query head h reads kv head h / (n_heads / n_kv_heads).
//   y = softmax(scale * q k^T) v
struct Attention {
  static constexpr std::string_view kName = "attention";
  static constexpr double kTolerance = softmax_error(kWords);
  static constexpr auto reference = cpu_ref::attention;
  Tensor q;        // f32 [T, n_heads, key_dim]
  Tensor rows;     // i32 [T, 2] (op.h): a cache row of each of a sequence's tokens, up to the last one here, is filled
  Tensor k_cache;  // [capacity, n_kv_heads, key_dim] (kv_cache.h)
  Tensor v_cache;  // [capacity, n_kv_heads, value_dim]
  Tensor k_scales{}, v_scales{};
  Tensor y;  // f32 [T, n_heads, value_dim]
  int64_t window = 0;
  float scale = 1.0f;
  bool single_precision = false;  // as in DenseMatmul

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.q), f(Role::input, op.rows), f(Role::input, op.k_cache), f(Role::input, op.v_cache);
    f(Role::input, op.k_scales), f(Role::input, op.v_scales), f(Role::output, op.y);
  }

  AttentionParams params() const {
    return {.n_tokens = u32(q.shape[0]),
            .n_heads = u32(q.shape[1]),
            .n_kv_heads = u32(k_cache.shape[1]),
            .key_dim = u32(q.shape[2]),
            .value_dim = u32(v_cache.shape[2]),
            .window = u32(window),
            .scale = scale,
            .cache_dtype = static_cast<uint32_t>(k_cache.dtype),
            .split_keys = u32(attention_split_keys(k_cache.shape[0], q.shape[1]))};
  }

  Status check() const {
    Checker c(kName);
    c.rank("q", q, 3).rank("k_cache", k_cache, 3).rank("v_cache", v_cache, 3);
    c.f32("q", q, q.shape);
    if (!check_cache(c, k_cache, v_cache, k_scales, v_scales).ok()) return c.status();
    const int64_t n_kv_heads = k_cache.shape[1];
    return c.that(k_cache.shape[2] == q.shape[2], "q and k must have the same head size")
        .that(q.shape[1] % n_kv_heads == 0, "query heads must be a multiple of kv heads")
        .that(window >= 0, "the window must not be negative")
        .tensor("rows", rows, DType::i32, {q.shape[0], 2})
        .f32("y", y, {q.shape[0], q.shape[1], v_cache.shape[2]})
        .status();
  }
};

}  // namespace tritium
