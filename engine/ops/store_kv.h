#pragma once

#include "ops/op.h"
#include "shaders/params/store_kv.h"

namespace tritium {

namespace cpu_ref {
void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<float> k_cache,
              std::span<float> v_cache);
}

// Writes row t of k and v to row position + t of the caches.
struct StoreKv {
  static constexpr std::string_view kName = "store_kv";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::store_kv;
  Tensor k;        // f32 [T, n_kv_heads, key_dim]
  Tensor v;        // f32 [T, n_kv_heads, value_dim]
  Tensor k_cache;  // f32 [capacity, n_kv_heads, key_dim]
  Tensor v_cache;  // f32 [capacity, n_kv_heads, value_dim]
  int64_t position = 0;

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.k), f(Role::input, op.v), f(Role::in_out, op.k_cache), f(Role::in_out, op.v_cache);
  }

  StoreKvParams params() const {
    return {.n_tokens = u32(k.shape[0]),
            .k_row = u32(k.shape[1] * k.shape[2]),
            .v_row = u32(v.shape[1] * v.shape[2]),
            .position = u32(position)};
  }

  Status check() const {
    Checker c(kName);
    c.rank("k", k, 3).rank("v", v, 3).rank("k_cache", k_cache, 3).rank("v_cache", v_cache, 3);
    c.f32("k", k, k.shape).f32("v", v, v.shape);
    if (!c.ok() || !k_cache || !v_cache) return c.that(k_cache && v_cache, "caches are needed").status();
    const int64_t capacity = k_cache.shape[0];
    return c.f32("k_cache", k_cache, {capacity, k.shape[1], k.shape[2]})
        .f32("v_cache", v_cache, {capacity, v.shape[1], v.shape[2]})
        .that(v.shape[0] == k.shape[0] && v.shape[1] == k.shape[1], "k and v must agree in tokens and heads")
        .that(position >= 0 && position + k.shape[0] <= capacity, "the caches are full")
        .status();
  }
};

}  // namespace tritium
