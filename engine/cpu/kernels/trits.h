// The 16 codes (trit + 1) of a word and the lanes of vectors.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/layout/rows32.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE typename V::U shifts_of_codes() {
  typename V::U shifts;
  for (int lane = 0; lane < V::kLanes; ++lane) shifts[lane] = static_cast<uint32_t>(2 * lane);
  return shifts;
}

// Trits first … first + kLanes - 1 of a word.
template <typename V>
TRITIUM_INLINE typename V::I trits_of(uint32_t word, int64_t first) {
  const auto codes = ((typename V::U{} + (word >> (2 * first))) >> shifts_of_codes<V>()) & 3u;
  return reinterpret_cast<typename V::I>(codes) - 1;
}

// The way back: the bits of those trits in their word.
template <typename V>
TRITIUM_INLINE uint32_t bits_of_trits(typename V::I trits, int64_t first) {
  const auto bits = reinterpret_cast<typename V::U>(trits + 1) << shifts_of_codes<V>();
  uint32_t word = 0;
  for (int i = 0; i < V::kLanes; ++i) word += bits[i];
  return word << (2 * first);
}

// Replaces the trits of a row whose first word is `words`: next(chunk, part, n, trits) gives those of columns
// chunk + part …, of which the first n are the row's. Returns how many changed.
template <typename V, typename Next>
TRITIUM_INLINE int32_t replace_trits(uint32_t* words, int64_t cols, Next next) {
  int32_t changed = 0;
  for (int64_t chunk = 0; chunk < cols; chunk += kChunkColumns) {
    uint32_t& stored = words[chunk / kChunkColumns * kRowStride];
    uint32_t word = 0;
    for (int64_t part = 0; part < kChunkColumns; part += V::kLanes) {
      const int64_t left = cols - chunk - part;
      const int64_t n = left >= V::kLanes ? V::kLanes : left > 0 ? left : 0;
      word |= bits_of_trits<V>(next(chunk, part, n, trits_of<V>(stored, part)), part);
    }
    const uint32_t difference = stored ^ word;
    changed += __builtin_popcount((difference | difference >> 1) & 0x55555555u);
    stored = word;
  }
  return changed;
}

}  // namespace
}  // namespace tritium::cpu
