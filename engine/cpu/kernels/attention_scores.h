// scale * q . k of a few queries with a block of keys: a vector of columns at a time for a tile of queries and keys,
// then the lanes' sums of all its vectors at once.
#pragma once

#include "cpu/kernels/attention_queries.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/lane_sums.h"

namespace tritium::cpu {
namespace {

// Keys in a tile: so many that their sums fit the registers, and with few queries as many as there are lanes to sum.
template <typename V, int kQueries>
constexpr int kTileKeys = kQueries == 3 || kQueries == 5 ? V::kLanes / 4 : V::kLanes / kQueries;

// sum[q * kKeys + i] += q . key i over the n columns from d on, n at most a vector of them.
template <typename V, typename Stored, int kKeys, int kQueries>
TRITIUM_INLINE void add_products(const float* const (&query)[kQueries], const typename Stored::Value* const* key,
                                 int64_t d, int64_t n, typename V::F* sum) {
  typename V::F k[kKeys];
  TRITIUM_UNROLL
  for (int i = 0; i < kKeys; ++i) k[i] = load_stored<V, Stored>(key[i] + d, n);
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    const typename V::F in = load_stored<V, StoredF32>(query[q] + d, n);
    TRITIUM_UNROLL
    for (int i = 0; i < kKeys; ++i) sum[q * kKeys + i] = V::fma(in, k[i], sum[q * kKeys + i]);
  }
}

// p[q][j - first] = scale * q . key j of the block, and whatever behind the last one. kFetch: values of these keys will
// be read next, and nobody has asked for them.
template <typename V, typename Stored, bool kFetch, int kQueries>
TRITIUM_INLINE void score_keys(Together<kQueries>& t, const Head<Stored>& head, const KeyRange& block) {
  constexpr int kKeys = kTileKeys<V, kQueries>;
  constexpr int kSums = kQueries * kKeys, kPadded = (kSums + V::kLanes - 1) / V::kLanes * V::kLanes;
  constexpr int64_t kStep = 32;  // columns: a line of f16
  const float* query[kQueries];
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) query[q] = t.query[q]->q;
  const CacheRows<Stored> keys = head.keys, values = head.values;
  const int64_t dim = head.key_dim;
  for (int64_t j = block.from; j <= block.to; j += kKeys) {
    const typename Stored::Value* key[kKeys];
    const typename Stored::Value* value[kKeys];
    TRITIUM_UNROLL
    for (int i = 0; i < kKeys; ++i) {
      const int64_t row = j + i < block.to ? j + i : block.to;
      key[i] = keys.row(row);
      if (kFetch) value[i] = values.row(row);
    }
    typename V::F sum[kPadded] = {};
    int64_t d = 0;
    for (; d + kStep <= dim; d += kStep) {
      TRITIUM_UNROLL
      for (int i = 0; kFetch && i < kKeys; ++i) fetch_columns<kStep>(value[i] + d);
      TRITIUM_UNROLL
      for (int64_t e = d; e < d + kStep; e += V::kLanes) add_products<V, Stored, kKeys>(query, key, e, V::kLanes, sum);
    }
    for_vectors<V>(
        d, dim,
        [&](int64_t e, int64_t n) __attribute__((always_inline)) { add_products<V, Stored, kKeys>(query, key, e, n, sum); });
    float scores[kPadded];
    TRITIUM_UNROLL
    for (int i = 0; i < kPadded; i += V::kLanes) V::store(scores + i, lane_sums<V>(sum + i) * head.scale);
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q)
      __builtin_memcpy(t.p[q] + (j - block.first), scores + q * kKeys, sizeof(float) * kKeys);
  }
}

// p = p times the scales of the keys, or values, of a block.
template <typename V, int kQueries>
TRITIUM_INLINE void scale_keys(Together<kQueries>& t, const RowScales& scales, const KeyRange& block) {
  float of_key[kKeyBlock] = {};
  for (int64_t j = block.from; j <= block.to; ++j) of_key[j - block.first] = scales.at[j * scales.stride];
  for (int q = 0; q < kQueries; ++q)
    for (int64_t j = 0; j < kKeyBlock; j += V::kLanes) V::store(t.p[q] + j, V::load(t.p[q] + j) * V::load(of_key + j));
}

}  // namespace
}  // namespace tritium::cpu
