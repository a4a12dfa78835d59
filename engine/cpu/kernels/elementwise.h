// a + b, a_scale a + b_scale b, act(gate) up, and the weighted sum of experts: a vector of values at a time.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

// f(i, n) for vectors of n = kLanes values, and fewer at the end.
template <typename V, typename Step>
TRITIUM_INLINE void for_vectors(int64_t first, int64_t last, Step step) {
  int64_t i = first;
  for (; i + V::kLanes <= last; i += V::kLanes) step(i, V::kLanes);
  if (i < last) step(i, last - i);
}

template <typename V>
TRITIUM_INLINE typename V::F load_up_to(const float* from, int64_t n) {
  return n == V::kLanes ? V::load(from) : V::load_first(from, n);
}
template <typename V>
TRITIUM_INLINE void store_up_to(float* to, typename V::F v, int64_t n) {
  if (n == V::kLanes) return V::store(to, v);
  V::store_first(to, v, n);
}

template <typename V>
TRITIUM_INLINE typename V::I load_codes(const int8_t* from, int64_t n) {
  if (n == V::kLanes) return V::from_i8(from);
  int8_t codes[V::kLanes] = {};
  __builtin_memcpy(codes, from, static_cast<size_t>(n));
  return V::from_i8(codes);
}

// NaN is passed over.
template <typename V>
TRITIUM_INLINE float largest_of(const float* x, int64_t n) {
  auto top = V::all(x[0]);
  for_vectors<V>(
      0, n, [&](int64_t i, int64_t left) __attribute__((always_inline)) {
        if (left == V::kLanes) {
          top = V::max(V::load(x + i), top);
        } else {
          for (; i < n; ++i) top = V::max(V::all(x[i]), top);
        }
      });
  return largest<V>(top);
}

template <typename V>
void add(const AddParams&, Range r, const float* a, const float* b, float* y) {
  for_vectors<V>(
      r.first, r.last, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
        store_up_to<V>(y + i, load_up_to<V>(a + i, n) + load_up_to<V>(b + i, n), n);
      });
}

template <typename V>
void scaled_add(const ScaledAddParams& p, Range r, const float* a, const float* b, float* y) {
  for_vectors<V>(
      r.first, r.last, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
        const auto sum = p.a_scale * load_up_to<V>(a + i, n) + p.b_scale * load_up_to<V>(b + i, n);
        store_up_to<V>(y + i, sum, n);
      });
}

// The formulas of shaders/lib/activation.h, with its limits far from 0.
struct Silu {
  template <typename V>
  TRITIUM_INLINE typename V::F of(typename V::F x) {
    return x < -87.0f ? typename V::F{} : x / (exp_single<V>(-x) + 1.0f);
  }
};
struct GeluTanh {
  template <typename V>
  TRITIUM_INLINE typename V::F of(typename V::F x) {
    const auto u = (x + x * x * x * 0.044715f) * 0.7978845608f;
    const auto between = x / (exp_single<V>(u * -2.0f) + 1.0f);
    return x > 10.0f ? x : x < -10.0f ? typename V::F{} : between;
  }
};
struct Relu2 {
  template <typename V>
  TRITIUM_INLINE typename V::F of(typename V::F x) {
    return x > 0.0f ? x * x : typename V::F{};
  }
};
struct LeakyRelu2 {
  template <typename V>
  TRITIUM_INLINE typename V::F of(typename V::F x) {
    return x > 0.0f ? x * x : x * x * 0.25f;
  }
};

template <typename V, typename Activation>
void gated(const GatedActivationParams& p, Range r, const float* gate, const float* up, float* y) {
  const float clamp = p.clamp_at > 0.0f ? p.clamp_at : __builtin_inff();
  for_vectors<V>(
      r.first, r.last, [=](int64_t i, int64_t n) __attribute__((always_inline)) {
        auto g = load_up_to<V>(gate + i, n);
        g = g > clamp ? V::all(clamp) : g;
        if (p.gated == 0) return store_up_to<V>(y + i, Activation::template of<V>(g), n);
        auto u = load_up_to<V>(up + i, n);
        u = u > clamp ? V::all(clamp) : u;
        u = u < -clamp ? V::all(-clamp) : u;
        store_up_to<V>(y + i, Activation::template of<V>(g) * u, n);
      });
}

template <typename V>
void gated_activation(const GatedActivationParams& p, Range r, const float* gate, const float* up, float* y) {
  if (p.activation == 0) return gated<V, Silu>(p, r, gate, up, y);
  if (p.activation == 1) return gated<V, GeluTanh>(p, r, gate, up, y);
  if (p.activation == 2) return gated<V, Relu2>(p, r, gate, up, y);
  gated<V, LeakyRelu2>(p, r, gate, up, y);
}

template <typename V>
void combine_experts(const CombineExpertsParams& p, Range r, const float* x, const float* weights, float* y) {
  const int64_t top_k = p.top_k, dim = p.dim;
  for (int64_t t = r.first; t < r.last; ++t)
    for_vectors<V>(
        0, dim, [=](int64_t d, int64_t n) __attribute__((always_inline)) {
          typename V::F sum = {};
          for (int64_t s = t * top_k; s < (t + 1) * top_k; ++s) sum += load_up_to<V>(x + s * dim + d, n) * weights[s];
          store_up_to<V>(y + t * dim + d, sum, n);
        });
}

}  // namespace
}  // namespace tritium::cpu
