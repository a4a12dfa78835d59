// y = x / sqrt(mean(x^2) + eps) * weight. In double, rounded once, as the reference does.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

template <typename V>
double sum_of_squares(const float* x, int64_t n) {
  typename V::D sum = {};
  for_vectors<V>(
      0, n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const auto wide = __builtin_convertvector(load_up_to<V>(x + i, count), typename V::D);
        sum += wide * wide;
      });
  return lane_sum<V>(sum);
}

template <typename V>
void rms_norm(const RmsNormParams& p, Range rows, const float* x, const float* weight, float* y) {
  const int64_t dim = p.dim;
  for (int64_t r = rows.first; r < rows.last; ++r) {
    const float* in = x + r * dim;
    float* out = y + r * dim;
    const double mean = sum_of_squares<V>(in, dim) / static_cast<double>(dim);
    const double inverse_rms = 1.0 / __builtin_sqrt(mean + static_cast<double>(p.eps));
    for_vectors<V>(
        0, dim, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
          const auto scaled = widen<V>(load_up_to<V>(in + i, n)) * inverse_rms;
          store_up_to<V>(out + i, narrow<V>(scaled * widen<V>(load_up_to<V>(weight + i, n))), n);
        });
  }
}

}  // namespace
}  // namespace tritium::cpu
