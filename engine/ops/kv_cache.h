// Caches of keys and values, what StoreKv writes and Attention reads: rows [capacity, n_kv_heads, dim] of f32, of f16
// (nearest, ties to even; what is too large is 65504), or of int8 codes with a scale for each head and row, f32
// [capacity, n_kv_heads]: value = code * scale, as QuantizeActivations makes them.
#pragma once

#include "ops/checker.h"

namespace tritium {

// Kernels read and write words of 32 bits: a head's row is a whole number of them.
constexpr int64_t values_of_word(DType dtype) { return 32 / bits_of(dtype); }

// What a head's rows of these sizes can be kept as: `wanted`, or f32 where they are no whole words of it.
constexpr DType cache_dtype_for(DType wanted, int64_t key_dim, int64_t value_dim) {
  const int64_t n = values_of_word(wanted);
  return key_dim % n == 0 && value_dim % n == 0 ? wanted : DType::f32;
}

struct KvCache {
  Tensor k;  // [capacity, n_kv_heads, key_dim]
  Tensor v;  // [capacity, n_kv_heads, value_dim]
  Tensor k_scales{}, v_scales{};
};

// The rank of those that are there has been checked.
inline Checker& check_cache(Checker& c, const Tensor& k_cache, const Tensor& v_cache, const Tensor& k_scales,
                            const Tensor& v_scales) {
  if (!c.that(k_cache && v_cache, "caches are needed").ok()) return c;
  const DType dtype = k_cache.dtype;
  const Shape &k = k_cache.shape, &v = v_cache.shape;
  c.that(dtype == DType::f32 || dtype == DType::f16 || dtype == DType::i8, "caches must be f32, f16 or i8");
  if (!c.ok()) return c;
  c.tensor("k_cache", k_cache, dtype, k).tensor("v_cache", v_cache, dtype, v);
  c.that(v[0] == k[0] && v[1] == k[1], "k and v caches must agree");
  c.that(cache_dtype_for(dtype, k[2], v[2]) == dtype, "heads of f16 and i8 caches must be whole words");
  if (dtype != DType::i8) return c.that(!k_scales && !v_scales, "only i8 caches have scales");
  return c.f32("k_scales", k_scales, {k[0], k[1]}).f32("v_scales", v_scales, {k[0], k[1]});
}

}  // namespace tritium
