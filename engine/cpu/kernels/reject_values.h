// y = x - (<x, v> / <v, v>) v of each head, and the gradients.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE float inner_product(const float* a, const float* b, int64_t dim) {
  typename V::F sum = {};
  for_vectors<V>(
      0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
        sum = V::fma(load_up_to<V>(a + d, n), load_up_to<V>(b + d, n), sum);
      });
  return lane_sum<V>(sum);
}

template <typename V>
TRITIUM_INLINE float inverse_square(const float* v, int64_t dim) {
  const float squares = inner_product<V>(v, v, dim);
  return squares > 0.0f ? 1.0f / squares : 0.0f;
}

template <typename V>
void reject_values(const RejectValuesParams& p, Range tokens, const float* x, const float* v, float* y) {
  const int64_t dim = p.value_dim, group = p.n_heads / p.n_kv_heads;
  for (int64_t kv = tokens.first * p.n_kv_heads; kv < tokens.last * p.n_kv_heads; ++kv) {
    const float* own = v + kv * dim;
    const float inverse = inverse_square<V>(own, dim);
    for (int64_t row = kv * group; row < (kv + 1) * group; ++row) {
      const float along = inner_product<V>(x + row * dim, own, dim) * inverse;
      for_vectors<V>(
          0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
            store_up_to<V>(y + row * dim + d, load_up_to<V>(x + row * dim + d, n) - load_up_to<V>(own + d, n) * along,
                           n);
          });
    }
  }
}

template <typename V>
void reject_values_backward(const RejectValuesBackwardParams& p, Range tokens, const float* x, const float* v,
                            const float* dy, float* dx, float* dv) {
  const int64_t dim = p.value_dim, group = p.n_heads / p.n_kv_heads;
  for (int64_t kv = tokens.first * p.n_kv_heads; kv < tokens.last * p.n_kv_heads; ++kv) {
    const float* own = v + kv * dim;
    const float inverse = inverse_square<V>(own, dim);
    for (int64_t row = kv * group; row < (kv + 1) * group; ++row) {
      const float *in = x + row * dim, *gradient = dy + row * dim;
      const float a = inner_product<V>(in, own, dim) * inverse, b = inner_product<V>(gradient, own, dim) * inverse;
      for_vectors<V>(
          0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
            const auto value = load_up_to<V>(own + d, n), g = load_up_to<V>(gradient + d, n);
            store_up_to<V>(dx + row * dim + d, g - value * b, n);
            auto part = value * (2.0f * a * b) - g * a - load_up_to<V>(in + d, n) * b;
            if (row > kv * group) part += load_up_to<V>(dv + kv * dim + d, n);
            store_up_to<V>(dv + kv * dim + d, part, n);
          });
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
