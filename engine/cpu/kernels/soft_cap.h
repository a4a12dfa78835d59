// cap tanh(x / cap) by the formulas of shaders/lib/soft_cap.h, and the gradient.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE typename V::F tanh_of(typename V::F u) {
  const auto a = V::magnitude(u), s = u * u;
  const auto series = u * (1.0f + s * (-0.333333333f + s * (0.133333333f + s * (-0.0539682540f + s * 0.0218694885f))));
  const auto beyond = a > 10.0f ? V::all(1.0f) : 1.0f - 2.0f / (exp_single<V>(a * 2.0f) + 1.0f);
  return a < 0.3f ? series : u < 0.0f ? -beyond : beyond;
}

template <typename V>
void soft_cap(const SoftCapParams& p, Range r, const float* x, float* y) {
  for_vectors<V>(
      r.first, r.last, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
        store_up_to<V>(y + i, tanh_of<V>(load_up_to<V>(x + i, n) / p.cap) * p.cap, n);
      });
}

template <typename V>
void soft_cap_backward(const SoftCapBackwardParams& p, Range r, const float* x, const float* dy, float* dx) {
  for_vectors<V>(
      r.first, r.last, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
        const auto a = V::magnitude(load_up_to<V>(x + i, n) / p.cap);
        const auto e = exp_single<V>(a * -2.0f);
        const auto slope = a > 40.0f ? typename V::F{} : 4.0f * e / ((e + 1.0f) * (e + 1.0f));
        auto gradient = load_up_to<V>(dy + i, n) * slope;
        if (p.accumulate != 0) gradient += load_up_to<V>(dx + i, n);
        store_up_to<V>(dx + i, gradient, n);
      });
}

}  // namespace
}  // namespace tritium::cpu
