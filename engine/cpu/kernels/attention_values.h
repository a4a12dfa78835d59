// The sum of a block's values, each times its weight, for a few queries: a key at a time, columns in registers.
#pragma once

#include "cpu/kernels/attention_queries.h"

namespace tritium::cpu {
namespace {

// mix = mix * factor + sum over a block's keys of p[key] * value, for kVectors vectors of columns from c on; the last
// of them has n columns. kFetch: the next block's keys will be read next; this asks for the same columns of them.
template <typename V, typename Stored, bool kFetch, int kVectors, int kQueries>
TRITIUM_INLINE void mix_columns(Together<kQueries>& t, const Head<Stored>& head, const KeyRange& block, int64_t c,
                                int64_t n) {
  typename V::F sum[kQueries][kVectors];
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i) sum[q][i] = V::load(t.query[q]->span.mix + c + i * V::kLanes) * t.factor[q];
  }
  const typename Stored::Value* row = head.values.row(block.from) + c;
  const typename Stored::Value* next = head.keys.row(block.from + kKeyBlock) + c;
  for (int64_t j = block.from; j <= block.to; ++j, row += head.values.stride) {
    if (kFetch) {
      fetch_columns<kVectors * V::kLanes>(next);
      next += head.keys.stride;
    }
    typename V::F value[kVectors];
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i)
      value[i] = i + 1 < kVectors ? Stored::template load<V>(row + i * V::kLanes)
                                  : load_stored<V, Stored>(row + i * V::kLanes, n);
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
      const typename V::F p = V::all(t.p[q][j - block.first]);
      TRITIUM_UNROLL
      for (int i = 0; i < kVectors; ++i) sum[q][i] = V::fma(p, value[i], sum[q][i]);
    }
  }
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i) V::store(t.query[q]->span.mix + c + i * V::kLanes, sum[q][i]);
  }
}

// mix_columns() for all columns from c on that fill kVectors vectors, then for those that fill half as many.
template <typename V, typename Stored, bool kFetch, int kVectors, int kQueries>
TRITIUM_INLINE void mix_from(Together<kQueries>& t, const Head<Stored>& head, const KeyRange& block, int64_t c) {
  constexpr int64_t kWide = kVectors * V::kLanes;
  for (; c + kWide <= head.columns; c += kWide)
    mix_columns<V, Stored, kFetch, kVectors>(t, head, block, c, V::kLanes);
  if constexpr (kVectors > 1) {
    if (c < head.columns) mix_from<V, Stored, kFetch, kVectors / 2>(t, head, block, c);
  } else if (c < head.columns) {
    mix_columns<V, Stored, kFetch, 1>(t, head, block, c, head.columns - c);
  }
}

template <typename V, typename Stored, bool kFetch, int kQueries>
TRITIUM_INLINE void mix_values(Together<kQueries>& t, const Head<Stored>& head, const KeyRange& block) {
  // Sums that, with their values, fit the registers.
  constexpr int kVectors = kQueries <= 2 ? V::kLanes / 2 : kQueries <= 5 ? V::kLanes / 4 : 2;
  mix_from<V, Stored, kFetch, kVectors>(t, head, block, 0);
}

}  // namespace
}  // namespace tritium::cpu
