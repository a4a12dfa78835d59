// Trits that move by chance (flipped_trit of shaders/lib/ternary.h), 16 columns of a row at a time.
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
void flip_row(const FlipCall& f, int64_t row) {
  const FlipTritsParams& p = f.p;
  const PackedRow packed = packed_row(f, row);
  uint32_t* words = f.words + packed.words;
  const float* scales = f.scales + packed.scales;
  typename V::U shifts;
  for (int lane = 0; lane < V::kLanes; ++lane) shifts[lane] = static_cast<uint32_t>(2 * lane);
  int32_t changed = 0;
  for (int64_t c = 0; c < p.cols; c += kChunkColumns) {
    const float alpha = scales[c / p.group_size * kBlockRows];
    uint32_t& stored = words[c / kChunkColumns * kBlockRows];
    uint32_t word = 0;
    for (int64_t part = 0; part < kChunkColumns; part += V::kLanes) {
      const int64_t left = static_cast<int64_t>(p.cols) - c - part;
      const int64_t n = left >= V::kLanes ? V::kLanes : left > 0 ? left : 0;
      const int64_t at = row * p.cols + c + part;
      const auto codes = ((typename V::U{} + (stored >> (2 * part))) >> shifts) & 3u;
      const auto trits = reinterpret_cast<typename V::I>(codes) - 1;
      // Lanes beyond the row change by 0.
      const auto change = load_up_to<V>(f.change + at, n);
      const auto random24 = random_words<V>(p.seed, p.step, p.stream, at).x >> 8u;
      const auto next = alpha > 0.0f ? flipped<V>(trits, change, alpha, random24) : trits;
      word |= sum_of_words<V>(reinterpret_cast<typename V::U>(next + 1) << shifts) << (2 * part);
      if (n > 0) store_up_to<V>(f.change + at, typename V::F{}, n);
    }
    const uint32_t difference = stored ^ word;
    changed += __builtin_popcount((difference | difference >> 1) & 0x55555555u);
    stored = word;
  }
  if (p.count_flips) f.flips[row] += changed;
}

template <typename V>
void flip_trits(const FlipCall& f, int64_t first, int64_t last) {
  for (int64_t row = first; row < last; ++row) flip_row<V>(f, row);
}

}  // namespace
}  // namespace tritium::cpu
