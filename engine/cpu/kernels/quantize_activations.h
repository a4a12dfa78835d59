// q = round(127 x / max |x|), scale = max |x| / 127, equal to the bit to cpu_ref: the maximum is exact in any order,
// and IEEE division and rounding give what shaders/lib/rounding.h develops by hand for devices whose own are loose.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

constexpr float kSmallestMax = 1e-20f;  // TRITIUM_SMALLEST_MAX, shaders/lib/rounding.h

// An infinity counts as 2^128 there.
inline float over_127(float largest) { return largest > 3.402823466e38f ? 0x1.fcp-122f : 127.0f / largest; }

template <typename V>
TRITIUM_INLINE void store_quantized(int8_t* q, typename V::F x, float inverse, int64_t n) {
  auto scaled = V::max(V::min(x * inverse, V::all(127.0f)), V::all(-127.0f));  // NaN: 127
  const auto shifted = scaled + 12582912.0f;                                   // to nearest even
  const auto rounded = reinterpret_cast<typename V::I>(shifted) - 0x4B400000;
  const auto bytes = __builtin_convertvector(rounded, typename V::I8);
  __builtin_memcpy(q, &bytes, static_cast<size_t>(n));
}

// Codes of the first `used` values of a block, 0 for those behind them; returns the scale.
template <typename V>
TRITIUM_INLINE float quantize_block(const float* x, int64_t used, int8_t* codes, int64_t block) {
  // Magnitudes are ordered as their bits are, and those of a NaN are the largest.
  typename V::I magnitudes = {};
  for_vectors<V>(
      0, used, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
        const auto bits = reinterpret_cast<typename V::I>(V::magnitude(load_up_to<V>(x + c, n)));
        magnitudes = bits > magnitudes ? bits : magnitudes;
      });
  const float m = __builtin_bit_cast(float, largest<V>(magnitudes));
  if (!(m >= kSmallestMax)) {
    __builtin_memset(codes, 0, static_cast<size_t>(block));
    return m != m ? __builtin_nanf("") : 0.0f;
  }
  const float inverse = over_127(m);
  for_vectors<V>(
      0, used, [=](int64_t c, int64_t n) __attribute__((always_inline)) {
        const auto v = load_up_to<V>(x + c, n);
        if (n == V::kLanes) return store_quantized<V>(codes + c, v, inverse, V::kLanes);
        store_quantized<V>(codes + c, v, inverse, n);
      });
  __builtin_memset(codes + used, 0, static_cast<size_t>(block - used));
  return m * (1.0f / 127.0f);
}

template <typename V>
void quantize_activations(const QuantizeActivationsParams& p, Range blocks, const float* x, int8_t* q, float* scales) {
  const int64_t n_blocks = p.padded_cols / p.block;
  const int64_t block = p.block;
  for (int64_t i = blocks.first; i < blocks.last; ++i) {
    const int64_t start = i % n_blocks * block;
    const int64_t left = p.cols - start;
    const int64_t used = left < 0 ? 0 : left < block ? left : block;
    scales[i] = quantize_block<V>(x + i / n_blocks * p.cols + start, used, q + i * block, block);
  }
}

}  // namespace
}  // namespace tritium::cpu
