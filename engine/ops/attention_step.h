#pragma once

#include "ops/kv_cache.h"
#include "ops/op.h"
#include "ops/rope.h"
#include "shaders/params/attention_step.h"

namespace tritium {

namespace cpu_ref {
void attention_step(const AttentionStepParams& p, std::span<const float> q, std::span<const float> k,
                    std::span<const float> v, std::span<const float> q_norm, std::span<const float> k_norm,
                    std::span<const float> cos_sin, std::span<const int32_t> rows, std::span<std::byte> k_cache,
                    std::span<std::byte> v_cache, std::span<float> k_scales, std::span<float> v_scales,
                    std::span<float> parts);
}

// What rms_norm and rope of q and k, store_kv and attention give for one token, as one operation, whose keys are dealt
// out to n_splits parts (shaders/lib/splits.h) that merge_splits or merge_output brings together. Split s sees the
// split_keys keys from s split_keys on of those that the token sees; what sees none has sums of 0.
struct AttentionStep {
  static constexpr std::string_view kName = "attention_step";
  static constexpr auto reference = cpu_ref::attention_step;
  Tensor q;                   // f32 [1, n_heads, key_dim]
  Tensor k;                   // f32 [1, n_kv_heads, key_dim]
  Tensor v;                   // f32 [1, n_kv_heads, value_dim]
  Tensor q_norm{}, k_norm{};  // f32 [key_dim], or both none
  Tensor cos_sin{};           // f32 [context, n/2, 2] (rope.h), or none: nothing is rotated
  Tensor rows;                // i32 [1, 2] (op.h)
  Tensor k_cache;             // [capacity, n_kv_heads, key_dim] (kv_cache.h)
  Tensor v_cache;             // [capacity, n_kv_heads, value_dim]
  Tensor k_scales{}, v_scales{};
  Tensor parts;  // f32 [n_heads, n_splits, value_dim + 2]: sums of values, the largest score, the sum of exponentials
  RopePairing pairing = RopePairing::halves;
  bool norm_after_rope = false;
  float eps = 1e-5f;
  int64_t window = 0;
  int64_t split_keys = 128;  // n_splits of them are all that the caches hold
  float scale = 1.0f;

  // A cache of codes: a value that is off by its last bit may be rounded to the next one.
  static constexpr double tolerance(DType dtype, Role role) {
    if (dtype == DType::i8) return 1.0 / 127.0;
    return role == Role::in_out && dtype == DType::f16 ? 0x1.0p-10 : kOneCode;
  }

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.q), f(Role::input, op.k), f(Role::input, op.v), f(Role::input, op.q_norm);
    f(Role::input, op.k_norm), f(Role::input, op.cos_sin), f(Role::input, op.rows), f(Role::in_out, op.k_cache);
    f(Role::in_out, op.v_cache), f(Role::in_out, op.k_scales), f(Role::in_out, op.v_scales);
    f(Role::output, op.parts);
  }

  AttentionStepParams params() const {
    return {.n_heads = u32(q.shape[1]),
            .n_kv_heads = u32(k.shape[1]),
            .key_dim = u32(k.shape[2]),
            .value_dim = u32(v.shape[2]),
            .window = u32(window),
            .scale = scale,
            .cache_dtype = static_cast<uint32_t>(k_cache.dtype),
            .n_splits = u32(parts.shape[1]),
            .split_keys = u32(split_keys),
            .n_rotated = cos_sin ? u32(2 * cos_sin.shape[1]) : 0u,
            .pairing = static_cast<uint32_t>(pairing),
            .with_norm = q_norm ? 1u : 0u,
            .norm_after_rope = norm_after_rope ? 1u : 0u,
            .eps = eps};
  }

  Status check() const {
    Checker c(kName);
    c.rank("q", q, 3).rank("k", k, 3).rank("v", v, 3).rank("k_cache", k_cache, 3).rank("v_cache", v_cache, 3);
    c.rank("cos_sin", cos_sin, 3).rank("parts", parts, 3);
    if (!c.ok() || !q || !k || !v || !parts) return c.that(q && k && v && parts, "q, k, v, parts are needed").status();
    if (!check_cache(c, k_cache, v_cache, k_scales, v_scales).ok()) return c.status();
    const int64_t heads = q.shape[1], kv_heads = k.shape[1], capacity = k_cache.shape[0];
    c.f32("q", q, {1, heads, k.shape[2]}).f32("k", k, {1, kv_heads, k.shape[2]}).f32("v", v, {1, kv_heads, v.shape[2]});
    c.that(heads % kv_heads == 0, "query heads must be a multiple of kv heads");
    c.that(static_cast<bool>(q_norm) == static_cast<bool>(k_norm), "both norms or none");
    if (q_norm && k_norm) c.f32("q_norm", q_norm, {k.shape[2]}).f32("k_norm", k_norm, {k.shape[2]});
    if (cos_sin)
      c.f32("cos_sin", cos_sin, {cos_sin.shape[0], cos_sin.shape[1], 2})
          .that(2 * cos_sin.shape[1] <= k.shape[2], "no more values can be rotated than a head has");
    return c.that(window >= 0, "the window must not be negative")
        .that(split_keys > 0 && parts.shape[1] * split_keys >= capacity, "the splits must hold all keys")
        .that(k_cache.shape == Shape({capacity, kv_heads, k.shape[2]}), "k and its cache must agree")
        .that(v_cache.shape == Shape({capacity, kv_heads, v.shape[2]}), "v and its cache must agree")
        .tensor("rows", rows, DType::i32, {1, 2})
        .f32("parts", parts, {heads, parts.shape[1], v.shape[2] + 2})
        .status();
  }
};

}  // namespace tritium
