#pragma once

#include "ops/op.h"
#include "shaders/params/store_kv.h"

namespace tritium {

namespace cpu_ref {
void store_kv(const StoreKvParams& p, std::span<const float> k, std::span<const float> v, std::span<const int32_t> rows,
              std::span<float> k_cache, std::span<float> v_cache);
}

// Writes row t of k and v to the row of token t in the caches.
struct StoreKv {
  static constexpr std::string_view kName = "store_kv";
  static constexpr double kTolerance = kExact;
  static constexpr auto reference = cpu_ref::store_kv;
  Tensor k;        // f32 [T, n_kv_heads, key_dim]
  Tensor v;        // f32 [T, n_kv_heads, value_dim]
  Tensor rows;     // i32 [T, 2] (op.h): the row is the sum of both, all of them different
  Tensor k_cache;  // f32 [capacity, n_kv_heads, key_dim]
  Tensor v_cache;  // f32 [capacity, n_kv_heads, value_dim]

  static void visit(auto& op, auto&& f) {
    f(Role::input, op.k), f(Role::input, op.v), f(Role::input, op.rows);
    f(Role::in_out, op.k_cache), f(Role::in_out, op.v_cache);
  }

  StoreKvParams params() const {
    return {.n_tokens = u32(k.shape[0]), .k_row = u32(k.shape[1] * k.shape[2]), .v_row = u32(v.shape[1] * v.shape[2])};
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
        .tensor("rows", rows, DType::i32, {k.shape[0], 2})
        .that(k.shape[0] <= capacity, "more tokens than the caches have rows")
        .status();
  }
};

}  // namespace tritium
