// Keys and values into their caches: as they are, as f16, or as int8 codes with a scale for each head (ops/kv_cache.h).
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/quantize_activations.h"

namespace tritium::cpu {
namespace {

// Head row `row` of a cache.
template <typename V>
TRITIUM_INLINE void store_head(uint32_t dtype, const float* x, int64_t dim, void* cache, float* scales, int64_t row) {
  if (dtype == TRITIUM_DTYPE_I8) {
    scales[row] = quantize_block<V>(x, dim, static_cast<int8_t*>(cache) + row * dim, dim);
  } else if (dtype == TRITIUM_DTYPE_F16) {
    uint16_t* to = static_cast<uint16_t*>(cache) + row * dim;
    for_vectors<V>(
        0, dim, [=](int64_t d, int64_t n) __attribute__((always_inline)) {
          const auto halves = V::to_f16(load_up_to<V>(x + d, n));
          __builtin_memcpy(to + d, &halves, 2 * static_cast<size_t>(n));
        });
  } else {
    __builtin_memcpy(static_cast<float*>(cache) + row * dim, x, sizeof(float) * static_cast<size_t>(dim));
  }
}

template <typename V>
void store_kv(const StoreKvParams& p, Range tokens, const float* k, const float* v, const int32_t* rows, void* k_cache,
              void* v_cache, float* k_scales, float* v_scales) {
  const int64_t heads = p.n_kv_heads;
  for (int64_t t = tokens.first; t < tokens.last; ++t) {
    const int64_t row = (static_cast<int64_t>(rows[2 * t]) + rows[2 * t + 1]) * heads;
    for (int64_t h = 0; h < heads; ++h) {
      store_head<V>(p.cache_dtype, k + (t * heads + h) * p.key_dim, p.key_dim, k_cache, k_scales, row + h);
      store_head<V>(p.cache_dtype, v + (t * heads + h) * p.value_dim, p.value_dim, v_cache, v_scales, row + h);
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
