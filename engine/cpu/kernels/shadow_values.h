// Values of a parameter in training (formulas: shaders/lib/{random,shadow,shadow_code}.h): loaded as floats; rounded,
// to nearest or stochastically, and stored.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/stored.h"
#include "shaders/params/dtype.h"

namespace tritium::cpu {
namespace {

template <typename V>
struct Words {
  typename V::U x, y, z, w;
};

// PCG4D of (seed, step, stream, index + lane).
template <typename V>
TRITIUM_INLINE Words<V> random_words(uint32_t seed, uint32_t step, uint32_t stream, int64_t index) {
  typename V::U lane;
  for (int i = 0; i < V::kLanes; ++i) lane[i] = static_cast<uint32_t>(i);
  Words<V> r;
  r.x = typename V::U{} + (seed * 1664525u + 1013904223u);
  r.y = typename V::U{} + (step * 1664525u + 1013904223u);
  r.z = typename V::U{} + (stream * 1664525u + 1013904223u);
  r.w = (lane + static_cast<uint32_t>(index)) * 1664525u + 1013904223u;
  r.x += r.y * r.w;
  r.y += r.z * r.x;
  r.z += r.x * r.y;
  r.w += r.y * r.z;
  r.x ^= r.x >> 16u;
  r.y ^= r.y >> 16u;
  r.z ^= r.z >> 16u;
  r.w ^= r.w >> 16u;
  r.x += r.y * r.w;
  r.y += r.z * r.x;
  r.z += r.x * r.y;
  r.w += r.y * r.z;
  return r;
}

template <typename V>
TRITIUM_INLINE typename V::F normal_of(const Words<V>& r) {
  const auto sum = (r.x & 0xFFFFu) + (r.x >> 16u) + (r.y & 0xFFFFu) + (r.y >> 16u) + (r.z & 0xFFFFu) + (r.z >> 16u) +
                   (r.w & 0xFFFFu) + (r.w >> 16u);
  return V::to_float(reinterpret_cast<typename V::I>(sum) - 262140) * (1.0f / 53509.9f);
}

// 16 random bits as a fraction of 1.
template <typename V>
TRITIUM_INLINE typename V::F fraction_of(typename V::U bits) {
  return V::to_float(reinterpret_cast<typename V::I>(bits & 0xFFFFu)) * (1.0f / 65536.0f);
}

template <typename V>
TRITIUM_INLINE typename V::F load_parameter(const void* data, const ParameterPlane& plane, int64_t row, int64_t c,
                                            int64_t n) {
  const int64_t at = row * plane.row_stride + c;
  if (plane.dtype == TRITIUM_DTYPE_F32) return load_up_to<V>(static_cast<const float*>(data) + at, n);
  if (plane.dtype == TRITIUM_DTYPE_BF16) return load_stored<V, StoredBf16>(static_cast<const uint16_t*>(data) + at, n);
  return load_stored<V, StoredI8>(static_cast<const int8_t*>(data) + at, n) * plane.code_step;
}

template <typename V>
TRITIUM_INLINE typename V::I to_int(typename V::F v) {
  return __builtin_convertvector(v, typename V::I);
}

// shader::shadow_code_nearest and shadow_code_stochastic.
template <typename V>
TRITIUM_INLINE typename V::I shadow_code(const ShadowParams& p, typename V::F w, int64_t row, int64_t c) {
  const float step = p.plane.code_step;
  const auto value = [=](typename V::I code) __attribute__((always_inline)) { return V::to_float(code) * step; };
  const auto inside = V::magnitude(w) < 127.0f * step;
  const auto magnitude = inside ? V::magnitude(w) : typename V::F{};
  auto code = to_int<V>(magnitude / step);
  // A comparison gives -1 where it holds.
  code += value(code) > magnitude;
  code -= value(code + 1) <= magnitude;
  const auto above = magnitude - value(code);
  if (p.stochastic) {
    const auto random = random_words<V>(p.seed, p.step, p.stream, row * p.cols + c).x >> 8u;
    const auto fraction = V::to_float(reinterpret_cast<typename V::I>(random)) * (1.0f / 16777216.0f);
    code -= fraction * (value(code + 1) - value(code)) < above;
  } else {
    const auto left = value(code + 1) - magnitude;
    code -= (above > left) | ((above == left) & ((code & 1) == 1));
  }
  code = inside ? code : V::all_int(127);
  return w < 0.0f ? -code : code;
}

// Stores w as the parameter's type and returns what was stored.
template <typename V>
TRITIUM_INLINE typename V::F store_parameter(const ShadowParams& p, void* parameter, typename V::F w, int64_t row,
                                             int64_t c, int64_t n) {
  const ParameterPlane& plane = p.plane;
  const int64_t at = row * plane.row_stride + c;
  if (plane.dtype == TRITIUM_DTYPE_F32) {
    store_up_to<V>(static_cast<float*>(parameter) + at, w, n);
    return w;
  }
  if (plane.dtype == TRITIUM_DTYPE_I8) {
    const auto code = shadow_code<V>(p, w, row, c);
    const auto bytes = __builtin_convertvector(code, typename V::I8);
    __builtin_memcpy(static_cast<int8_t*>(parameter) + at, &bytes, static_cast<size_t>(n));
    return V::to_float(code) * plane.code_step;
  }
  const auto bits = V::float_to_bits(w);
  const auto rounded = p.stochastic ? bits + (random_words<V>(p.seed, p.step, p.stream, row * p.cols + c).x & 0xFFFFu)
                                    : bits + 0x7FFFu + ((bits >> 16u) & 1u);
  const auto kept = rounded >> 16u;
  const auto halves = __builtin_convertvector(kept, typename V::U16);
  __builtin_memcpy(static_cast<uint16_t*>(parameter) + at, &halves, 2 * static_cast<size_t>(n));
  return V::bits_to_float(kept << 16u);
}

}  // namespace
}  // namespace tritium::cpu
