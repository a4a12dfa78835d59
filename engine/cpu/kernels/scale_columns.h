// y = x + f(s) z with a scale for each part of a row, and the gradients.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE typename V::F column_scale(typename V::F s, bool gated) {
  return gated ? 1.0f / (exp_single<V>(-s) + 1.0f) : s;
}

// f(d, n, scales) on the vectors of a row, with the scales of its columns.
template <typename V, typename Step>
TRITIUM_INLINE void for_scaled_columns(const float* scales, int64_t dim, int64_t columns, bool gated, Step step) {
  if (columns == 1)
    return for_vectors<V>(
        0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
          step(d, n, column_scale<V>(load_up_to<V>(scales + d, n), gated));
        });
  for (int64_t first = 0; first < dim; first += columns) {
    const auto scale = column_scale<V>(V::all(scales[first / columns]), gated);
    for_vectors<V>(
        first, first + columns, [&](int64_t d, int64_t n) __attribute__((always_inline)) { step(d, n, scale); });
  }
}

template <typename V>
void scale_columns(const ScaleColumnsParams& p, Range rows, const float* z, const float* scales, const float* x,
                   float* y) {
  for (int64_t row = rows.first; row < rows.last; ++row) {
    const int64_t at = row * p.dim;
    for_scaled_columns<V>(
        scales, p.dim, p.columns_of_scale,
        p.gated != 0, [&](int64_t d, int64_t n, typename V::F scale) __attribute__((always_inline)) {
          auto sum = scale * load_up_to<V>(z + at + d, n);
          if (p.adds != 0) sum += load_up_to<V>(x + at + d, n);
          store_up_to<V>(y + at + d, sum, n);
        });
  }
}

// dz, by rows.
template <typename V>
void scale_columns_gradient(const ScaleColumnsBackwardParams& p, Range rows, const float* scales, const float* dy,
                            float* dz) {
  for (int64_t row = rows.first; row < rows.last; ++row) {
    const int64_t at = row * p.dim;
    for_scaled_columns<V>(
        scales, p.dim, p.columns_of_scale,
        p.gated != 0, [&](int64_t d, int64_t n, typename V::F scale) __attribute__((always_inline)) {
          auto sum = scale * load_up_to<V>(dy + at + d, n);
          if (p.accumulate != 0) sum += load_up_to<V>(dz + at + d, n);
          store_up_to<V>(dz + at + d, sum, n);
        });
  }
}

// The sum over rows, in order, of dy z in columns first … last - 1.
template <typename V>
void column_products(const ScaleColumnsBackwardParams& p, Range columns, const float* z, const float* dy,
                     double* products) {
  for_vectors<V>(
      columns.first, columns.last, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
        typename V::D sum = {};
        for (int64_t row = 0; row < p.n_rows; ++row)
          sum += widen<V>(load_up_to<V>(dy + row * p.dim + d, n) * load_up_to<V>(z + row * p.dim + d, n));
        for (int64_t i = 0; i < n; ++i) products[d + i] = sum[i];
      });
}

}  // namespace
}  // namespace tritium::cpu
