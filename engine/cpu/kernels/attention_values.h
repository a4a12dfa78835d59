// The sum of a block's values, each times its weight, for a few queries: a key at a time, columns in registers.
#pragma once

#include "cpu/kernels/attention_queries.h"

namespace tritium::cpu {
namespace {

// mix = mix * factor + sum over a block's keys of p[key] * value, for kVectors vectors of columns from c on; the last
// of them has n columns. fetch: the next block's keys will be read next; this asks for the same columns of them.
template <typename V, int kQueries, int kVectors, typename Stored>
TRITIUM_INLINE void mix_columns(Query* queries, const Head<Stored>& head, const KeyRange& block, int64_t c, int64_t n,
                                bool fetch) {
  typename V::F sum[kQueries][kVectors];
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i) sum[q][i] = V::load(queries[q].span.mix + c + i * V::kLanes) * queries[q].factor;
  }
  const typename Stored::Value* row = head.values.row(block.from) + c;
  const typename Stored::Value* next = head.keys_soon.row(block.from - block.first);
  for (int64_t j = block.from; j <= block.to; ++j, row += head.values.stride) {
    if (fetch) {
      fetch_columns<kVectors * V::kLanes>(next + c, c);
      next += head.keys_soon.stride;
    }
    typename V::F value[kVectors];
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i)
      value[i] = i + 1 < kVectors ? Stored::template load<V>(row + i * V::kLanes)
                                  : load_stored<V, Stored>(row + i * V::kLanes, n);
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
      const typename V::F p = V::all(queries[q].p[j - block.first]);
      TRITIUM_UNROLL
      for (int i = 0; i < kVectors; ++i) sum[q][i] = V::fma(p, value[i], sum[q][i]);
    }
  }
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i) V::store(queries[q].span.mix + c + i * V::kLanes, sum[q][i]);
  }
}

// mix_columns() for the columns c … end that fill kVectors vectors, then for those that fill half as many.
template <typename V, int kQueries, int kVectors, typename Stored>
TRITIUM_INLINE void mix_from(Query* queries, const Head<Stored>& head, const KeyRange& block, int64_t c, int64_t end,
                             bool fetch) {
  constexpr int64_t kWide = kVectors * V::kLanes;
  for (; c + kWide <= end; c += kWide) mix_columns<V, kQueries, kVectors>(queries, head, block, c, V::kLanes, fetch);
  if constexpr (kVectors > 1) {
    if (c < end) mix_from<V, kQueries, kVectors / 2>(queries, head, block, c, end, fetch);
  } else if (c < end) {
    mix_columns<V, kQueries, 1>(queries, head, block, c, end - c, fetch);
  }
}

// Vectors of columns whose sums, with the values, fit the registers.
template <typename V, int kQueries>
constexpr int kColumnVectors = (V::kLanes == 16 ? 4 : 2) * (kQueries <= 2 ? 2 : 1);

template <typename V, int kQueries, typename Stored>
TRITIUM_INLINE void mix_values(Query* queries, const Head<Stored>& head, const KeyRange& block, int64_t c, int64_t end,
                               bool fetch) {
  mix_from<V, kQueries, kColumnVectors<V, kQueries>>(queries, head, block, c, end, fetch);
}

}  // namespace
}  // namespace tritium::cpu
