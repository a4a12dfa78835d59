// y = x / sqrt(mean(x^2) + eps) * weight. In double, rounded once, as the reference does.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"

namespace tritium::cpu {
namespace {

// Half a vector of floats as doubles: GCC keeps a vector that fills two registers in memory.
template <typename V>
TRITIUM_INLINE typename V::HalfD load_doubles(const float* from) {
  return __builtin_convertvector(V::template load_as<typename V::HalfF>(from), typename V::HalfD);
}

template <typename V>
double sum_of_squares(const float* x, int64_t n) {
  constexpr int kHalf = V::kLanes / 2;
  typename V::HalfD low = {}, high = {};
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const auto a = load_doubles<V>(x + i), b = load_doubles<V>(x + i + kHalf);
    low += a * a;
    high += b * b;
  }
  double sums[V::kLanes];
  V::store(sums, low), V::store(sums + kHalf, high);
  for (int64_t lane = 0; i + lane < n; ++lane) sums[lane] += static_cast<double>(x[i + lane]) * x[i + lane];
  return lane_sum<V>(V::template load_as<typename V::D>(sums));
}

template <typename V>
void rms_norm(const RmsNormParams& p, Range rows, const float* x, const float* weight, float* y) {
  constexpr int kHalf = V::kLanes / 2;
  const int64_t dim = p.dim;
  for (int64_t r = rows.first; r < rows.last; ++r) {
    const float* in = x + r * dim;
    float* out = y + r * dim;
    const double mean = sum_of_squares<V>(in, dim) / static_cast<double>(dim);
    const double inverse_rms = 1.0 / __builtin_sqrt(mean + static_cast<double>(p.eps));
    int64_t i = 0;
    for (; i + kHalf <= dim; i += kHalf)
      V::store(out + i, __builtin_convertvector(load_doubles<V>(in + i) * inverse_rms * load_doubles<V>(weight + i),
                                                typename V::HalfF));
    for (; i < dim; ++i) out[i] = static_cast<float>(in[i] * inverse_rms * weight[i]);
  }
}

}  // namespace
}  // namespace tritium::cpu
