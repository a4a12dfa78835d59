// scale * q . k of a few queries with a block of keys: a vector of columns at a time for a tile of queries and keys,
// then the lanes' sums of all its vectors at once.
#pragma once

#include "cpu/kernels/attention_queries.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/lane_sums.h"

namespace tritium::cpu {
namespace {

// Keys in a tile: so many that their sums fit the registers, and where they do, as many as there are lanes to sum. With
// one query addresses of more than 4 keys do not fit.
template <typename V, int kQueries>
constexpr int kTileKeys = kQueries == 3 || kQueries == 5 || (kQueries == 1 && V::kLanes == 16) ? V::kLanes / 4
                                                                                               : V::kLanes / kQueries;

// A tile of keys as they lie in a cache. kFetch: meanwhile as many rows of values are asked for; of kDim columns, if
// that is not 0, line after line.
template <typename V, typename Stored, int kKeys, bool kFetch, int kDim>
struct CachedTile {
  static constexpr int64_t kStep = 2 * V::kLanes;  // columns

  const typename Stored::Value* key[kKeys];
  const typename Stored::Value* soon;
  int64_t soon_stride;

  [[gnu::always_inline]] typename V::F load(int i, int64_t d, int64_t n) const {
    return load_stored<V, Stored>(key[i] + d, n);
  }
  [[gnu::always_inline]] void fetch(int64_t d) const {
    TRITIUM_UNROLL
    for (int i = 0; kFetch && i < kKeys; ++i) {
      const int64_t at = d * kKeys + i * kStep;  // of what lies row after row
      const int64_t row = kDim ? at / (kDim ? kDim : 1) : i, column = kDim ? at % (kDim ? kDim : 1) : d;
      fetch_columns<kStep>(soon + row * soon_stride + column, column);
    }
  }
};

// A tile of keys as KeyCopy has them: vector after vector of columns, that of each key in turn.
template <typename V, int kKeys>
struct CopiedTile {
  const float* at;

  [[gnu::always_inline]] typename V::F load(int i, int64_t d, int64_t) const {
    return V::load(at + d * kKeys + i * V::kLanes);
  }
  [[gnu::always_inline]] void fetch(int64_t) const {}
};

// sum[q * kKeys + i] += q . key i over the n columns from d on, n at most a vector of them.
template <typename V, int kQueries, int kKeys, typename Tile>
TRITIUM_INLINE void add_products(const float* packed, const Tile& tile, int64_t d, int64_t n, typename V::F* sum) {
  typename V::F k[kKeys];
  TRITIUM_UNROLL
  for (int i = 0; i < kKeys; ++i) k[i] = tile.load(i, d, n);
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    const float* at = packed + d * kQueries + q * V::kLanes;
    const typename V::F in = kQueries == 1 ? load_stored<V, StoredF32>(at, n) : V::load(at);
    TRITIUM_UNROLL
    for (int i = 0; i < kKeys; ++i) sum[q * kKeys + i] = V::fma(in, k[i], sum[q * kKeys + i]);
  }
}

// p[at + i] of each query = scale * q . key i of a tile.
template <typename V, int kQueries, int kKeys, int kDim, typename Tile>
TRITIUM_INLINE void score_tile(Query* queries, const float* packed, const Tile& tile, int64_t dim, float scale,
                               int64_t at) {
  constexpr int kSums = kQueries * kKeys, kPadded = (kSums + V::kLanes - 1) / V::kLanes * V::kLanes;
  typename V::F sum[kPadded] = {};
  int64_t d = 0;
  TRITIUM_UNROLL
  for (; d + 2 * V::kLanes <= dim; d += 2 * V::kLanes) {
    tile.fetch(d);
    add_products<V, kQueries, kKeys>(packed, tile, d, V::kLanes, sum);
    add_products<V, kQueries, kKeys>(packed, tile, d + V::kLanes, V::kLanes, sum);
  }
  for_vectors<V>(
      d, dim, [&](int64_t e, int64_t n) __attribute__((always_inline)) {
        add_products<V, kQueries, kKeys>(packed, tile, e, n, sum);
      });
  float scores[kPadded];
  TRITIUM_UNROLL
  for (int i = 0; i < kPadded; i += V::kLanes) V::store(scores + i, lane_sums<V>(sum + i) * scale);
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) __builtin_memcpy(queries[q].p + at, scores + q * kKeys, sizeof(float) * kKeys);
}

// p[j - first] of each query = scale * q . key j of the block, and whatever behind the last one.
template <typename V, int kQueries, bool kFetch, int kDim, typename Stored>
TRITIUM_INLINE void score_keys(Query* queries, const float* packed, const Head<Stored>& head, const KeyRange& block) {
  constexpr int kKeys = kTileKeys<V, kQueries>;
  // Values and not references: for all the compiler knows, scores are stored over what a head says.
  const int64_t first = block.first, to = block.to, stride = head.keys.stride;
  const int64_t dim = kDim ? kDim : head.key_dim;
  const float scale = head.scale;
  CachedTile<V, Stored, kKeys, kFetch, kDim> tile;
  tile.soon_stride = head.values_soon.stride;
  tile.soon = head.values_soon.row(block.from - first);
  const typename Stored::Value* key = head.keys.row(block.from);
  for (int64_t j = block.from; j <= to; j += kKeys, key += kKeys * stride, tile.soon += kKeys * tile.soon_stride) {
    tile.key[0] = key;
    // Row after row: GCC 12 computes indices of rows in vectors, from which addresses then have to be moved.
    TRITIUM_UNROLL
    for (int i = 1; i < kKeys; ++i) tile.key[i] = tile.key[i - 1] + (j + i > to ? 0 : stride);
    score_tile<V, kQueries, kKeys, kDim>(queries, packed, tile, dim, scale, j - first);
  }
}

constexpr int64_t kCopiedColumns = 256;

// kKeyPart keys as floats, for many queries: what they are stored as is converted once, and they lie in the order in
// which tiles of kKeys of them are read.
template <typename V>
struct KeyCopy {
  static constexpr int kKeys = kTileKeys<V, 4>;

  alignas(kLine) float at[kKeyPart * kCopiedColumns];

  // Key j and those behind it, as far as they belong to the range; for the others some of them.
  template <typename Stored>
  [[gnu::always_inline]] void take(const Head<Stored>& head, const KeyRange& block, int64_t j) {
    const int64_t vectors = (head.key_dim + V::kLanes - 1) / V::kLanes;
    for (int64_t i = 0; i < kKeyPart; ++i) {
      const int64_t key = j + i < block.from ? block.from : j + i > block.to ? block.to : j + i;
      const typename Stored::Value* row = head.keys.row(key);
      float* to = at + (i / kKeys * kKeys * vectors + i % kKeys) * V::kLanes;
      for_vectors<V>(
          0, head.key_dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
            V::store(to + d * kKeys, load_stored<V, Stored>(row + d, n));
          });
    }
  }
};

// score_keys() of copied keys, the first of which is `at` keys behind the block's first one.
template <typename V, int kQueries>
TRITIUM_INLINE void score_copy(Query* queries, const float* packed, const KeyCopy<V>& copy, int64_t dim, float scale,
                               int64_t at) {
  constexpr int kKeys = KeyCopy<V>::kKeys;
  const int64_t row = (dim + V::kLanes - 1) / V::kLanes * V::kLanes;
  for (int64_t i = 0; i < kKeyPart; i += kKeys)
    score_tile<V, kQueries, kKeys, 0>(queries, packed, CopiedTile<V, kKeys>{copy.at + i * row}, dim, scale, at + i);
}

// p times the scales of the keys, or values, of a block.
template <typename V>
TRITIUM_INLINE void scale_keys(Query* queries, int count, const RowScales& scales, const KeyRange& block) {
  float of_key[kKeyBlock] = {};
  for (int64_t j = block.from; j <= block.to; ++j) of_key[j - block.first] = scales.at[j * scales.stride];
  for (int q = 0; q < count; ++q)
    for (int64_t j = 0; j < kKeyBlock; j += V::kLanes)
      V::store(queries[q].p + j, V::load(queries[q].p + j) * V::load(of_key + j));
}

}  // namespace
}  // namespace tritium::cpu
