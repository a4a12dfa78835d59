// trit += change / alpha in expectation (flipped_trit of shaders/lib/ternary.h), 16 columns of a row at a time.
#pragma once

#include "cpu/kernels/shadow.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE typename V::I flipped(typename V::I trit, typename V::F change, float alpha, typename V::U random24) {
  const auto size = V::magnitude(change);
  const auto first = size >= alpha;  // -1 where it holds
  const auto rest = first ? size - alpha : size;
  const auto second = rest >= alpha;
  const auto chance = V::to_float(reinterpret_cast<typename V::I>(random24)) * alpha < rest * 16777216.0f;
  const auto steps = -(first + second + chance);
  const auto moved = change < 0.0f ? trit - steps : trit + steps;
  const auto low = moved < -1 ? moved * 0 - 1 : moved;
  return low > 1 ? low * 0 + 1 : low;
}

template <typename V>
void flip_trits(const FlipTritsParams& p, const Rows32& layout, Range rows, float* changes, uint32_t* words,
                const float* scales, int32_t* flips) {
  for (int64_t row = rows.first; row < rows.last; ++row) {
    const Rows32::Place at = layout.place_of(row);
    const int32_t changed = replace_trits<V>(
        words + layout.word(at, 0),
        p.cols, [&](int64_t chunk, int64_t part, int64_t n, typename V::I trits) __attribute__((always_inline)) {
          const float alpha = scales[layout.scale(at, chunk / p.group_size)];
          const int64_t index = row * p.cols + chunk + part;
          // Lanes beyond the row change by 0.
          const auto change = load_up_to<V>(changes + index, n);
          const auto random24 = random_words<V>(p.seed, p.step, p.stream, index).x >> 8u;
          if (n > 0) store_up_to<V>(changes + index, typename V::F{}, n);
          return alpha > 0.0f ? flipped<V>(trits, change, alpha, random24) : trits;
        });
    if (p.count_flips) flips[row] += changed;
  }
}

}  // namespace
}  // namespace tritium::cpu
