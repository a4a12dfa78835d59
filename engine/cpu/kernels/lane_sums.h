// Horizontal sums of as many vectors as a vector has lanes.
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

// a in the lanes whose number has the bit kBit, b in the others. (GCC 12 makes shuffles of it where it is written as
// one, and fewer units do those than blends.)
template <typename V, int kBit>
TRITIUM_INLINE typename V::F blend(typename V::F a, typename V::F b) {
  typename V::I with = {};
  TRITIUM_UNROLL
  for (int lane = 0; lane < V::kLanes; ++lane) with[lane] = lane & kBit ? -1 : 0;
  return with ? a : b;
}

// Each lane and the one kBit further: the sums of a where lanes do not have the bit kBit, those of b where they do.
template <typename V, int kBit>
TRITIUM_INLINE typename V::F fold(typename V::F a, typename V::F b) {
  const typename V::F kept = blend<V, kBit>(b, a);
  if constexpr (V::kLanes == 16 && kBit == 8) {
    return kept + __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
  } else if constexpr (V::kLanes == 16) {
    static_assert(kBit == 4);
    return kept + __builtin_shufflevector(a, b, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27);
  } else {
    static_assert(V::kLanes == 8 && kBit == 4);
    return kept + __builtin_shufflevector(a, b, 4, 5, 6, 7, 8, 9, 10, 11);
  }
}

// Within each 128 bits: (a0 + a2, a1 + a3, b0 + b2, b1 + b3).
template <typename V>
TRITIUM_INLINE typename V::F fold_pairs(typename V::F a, typename V::F b) {
  if constexpr (V::kLanes == 16) {
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  } else if constexpr (V::kLanes == 8) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  } else {
    return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  }
}

// Within each 128 bits: (a0 + a1, a2 + a3, b0 + b1, b2 + b3).
template <typename V>
TRITIUM_INLINE typename V::F fold_lanes(typename V::F a, typename V::F b) {
  if constexpr (V::kLanes == 16) {
    return __builtin_shufflevector(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
           __builtin_shufflevector(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
  } else if constexpr (V::kLanes == 8) {
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  } else {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
  }
}

// The lanes' sums of kLanes vectors, that of v[i] in lane i, in the order of lane_sum().
template <typename V>
TRITIUM_INLINE typename V::F lane_sums(const typename V::F* v) {
  typename V::F piece[4];  // lane 4 p + l of piece i: a part of the sum of v[4 p + i]
  TRITIUM_UNROLL
  for (int i = 0; i < 4; ++i) {
    if constexpr (V::kLanes == 16) {
      piece[i] = fold<V, 4>(fold<V, 8>(v[i], v[8 + i]), fold<V, 8>(v[4 + i], v[12 + i]));
    } else if constexpr (V::kLanes == 8) {
      piece[i] = fold<V, 4>(v[i], v[4 + i]);
    } else {
      piece[i] = v[i];
    }
  }
  return fold_lanes<V>(fold_pairs<V>(piece[0], piece[1]), fold_pairs<V>(piece[2], piece[3]));
}

}  // namespace
}  // namespace tritium::cpu
