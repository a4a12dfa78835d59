#pragma once

#include "ops/kv_cache.h"
#include "ops/op.h"
#include "shaders/params/store_kv.h"

namespace tritium {

namespace cpu_ref {
void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<const int32_t> rows,
              std::span<std::byte> k_cache, std::span<std::byte> v_cache, std::span<float> k_scales,
              std::span<float> v_scales);
}

// Writes row t of k and v to the row of token t in the caches.
struct StoreKv {
  static constexpr std::string_view kName = "store_kv";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::store_kv;
  Tensor k;        // f32 [T, n_kv_heads, key_dim]
  Tensor v;        // f32 [T, n_kv_heads, value_dim]
  Tensor rows;     // i32 [T, 2] (op.h): the row is the sum of both, all of them different
  Tensor k_cache;  // [capacity, n_kv_heads, key_dim] (kv_cache.h)
  Tensor v_cache;  // [capacity, n_kv_heads, value_dim]
  Tensor k_scales{}, v_scales{};

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.k), f(Role::input, op.v), f(Role::input, op.rows);
    f(Role::in_out, op.k_cache), f(Role::in_out, op.v_cache), f(Role::in_out, op.k_scales);
    f(Role::in_out, op.v_scales);
  }

  StoreKvParams params() const {
    return {.n_tokens = u32(k.shape[0]),
            .n_kv_heads = u32(k.shape[1]),
            .key_dim = u32(k.shape[2]),
            .value_dim = u32(v.shape[2]),
            .cache_dtype = static_cast<uint32_t>(k_cache.dtype)};
  }

  Status check() const {
    Checker c(kName);
    c.rank("k", k, 3).rank("v", v, 3).rank("k_cache", k_cache, 3).rank("v_cache", v_cache, 3);
    c.f32("k", k, k.shape).f32("v", v, v.shape);
    if (!c.ok() || !check_cache(c, k_cache, v_cache, k_scales, v_scales).ok()) return c.status();
    const int64_t capacity = k_cache.shape[0];
    return c.that(v.shape[0] == k.shape[0] && v.shape[1] == k.shape[1], "k and v must agree in tokens and heads")
        .that(k_cache.shape == Shape({capacity, k.shape[1], k.shape[2]}), "k and its cache must agree")
        .that(v_cache.shape == Shape({capacity, v.shape[1], v.shape[2]}), "v and its cache must agree")
        .tensor("rows", rows, DType::i32, {k.shape[0], 2})
        .that(k.shape[0] <= capacity, "more tokens than the caches have rows")
        .status();
  }
};

}  // namespace tritium
