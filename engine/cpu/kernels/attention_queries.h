// What a block of keys meets: queries with the softmaxes that they have so far, and where a head's keys and values lie.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels/stored.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kKeyBlock = 64;
constexpr int64_t kKeyPart = 16;   // of a block: so few that they stay in the L1 cache until all queries have met them
constexpr int64_t kColumns = 256;  // of a value row, at a time: what a query keeps

constexpr int kLine = 64;  // bytes

// A softmax so far.
struct Mixture {
  alignas(kLine) float mix[kColumns];  // sum of exp(score - largest) value
  float largest;                       // score
  float sum;                           // of exp(score - largest)
};

struct Query {
  const float* q;
  float* y;
  int64_t first;  // keys it sees: first … last
  int64_t last;
  float factor;                            // of what was summed before the block in hand
  alignas(kLine) float p[kKeyBlock + 16];  // of that block: scores, then exp(score - largest)
  alignas(kLine) float sums[16];           // span.sum, lane by lane
  Mixture span;                            // of the span in hand
  Mixture all;                             // of the spans before it
};

constexpr int64_t kPackedColumns = 256;  // of q; queries with more meet blocks alone

// How many queries of `left` meet a block together: each key and value is loaded once for them, and their sums, each in
// its own order, hide one another's latency. As many as fit the registers.
template <typename V>
TRITIUM_INLINE int together_of(int left, int64_t key_dim) {
  if (key_dim > kPackedColumns) return 1;
  if (left == 6) return 3;
  if (V::kLanes == 16 && left % 4 != 0 && (left % 5 == 0 || left == 9)) return 5;
  return left < 4 ? left : 4;
}

template <int n>
struct Count {
  static constexpr int value = n;
};

// each(Count of queries, the first of them, where their q is packed) for those that meet blocks together.
template <typename V, typename Each>
TRITIUM_INLINE void for_groups(Query* queries, int count, const float* packed, int64_t key_dim, const Each& each) {
  const int64_t row = (key_dim + V::kLanes - 1) / V::kLanes * V::kLanes;
  for (int i = 0; i < count;) {
    const int together = together_of<V>(count - i, key_dim);
    Query* first = queries + i;
    switch (together) {
      case 1: each(Count<1>{}, first, first->q); break;
      case 2: each(Count<2>{}, first, packed + i * row); break;
      case 3: each(Count<3>{}, first, packed + i * row); break;
      case 4: each(Count<4>{}, first, packed + i * row); break;
      default: each(Count<(V::kLanes == 16 ? 5 : 4)>{}, first, packed + i * row);
    }
    i += together;
  }
}

// q of the queries that meet blocks together: vector after vector of columns, that of each in turn, with 0 behind the
// last column. So one register says where they are. Of a query alone q itself.
template <typename V>
void pack_queries(const Query* queries, int count, int64_t key_dim, float* packed) {
  const int64_t vectors = (key_dim + V::kLanes - 1) / V::kLanes;
  for (int i = 0; i < count;) {
    const int together = together_of<V>(count - i, key_dim);
    if (together > 1)
      for (int64_t v = 0; v < vectors; ++v)
        for (int q = 0; q < together; ++q)
          V::store(packed + ((i * vectors + v * together) + q) * V::kLanes,
                   load_stored<V, StoredF32>(queries[i + q].q + v * V::kLanes, key_dim - v * V::kLanes));
    i += together;
  }
}

// Keys from … to of the block that begins with key `first`.
struct KeyRange {
  int64_t first, from, to;
};

// The keys of a block that any of the queries sees.
TRITIUM_INLINE KeyRange range_of(int64_t block, const Query* queries, int count) {
  KeyRange range = {block, block + kKeyBlock, block - 1};
  for (int q = 0; q < count; ++q) {
    range.from = queries[q].first < range.from ? queries[q].first : range.from;
    range.to = queries[q].last > range.to ? queries[q].last : range.to;
  }
  range.from = range.from < block ? block : range.from;
  range.to = range.to < block + kKeyBlock ? range.to : block + kKeyBlock - 1;
  return range;
}

// Where a head's keys or values lie.
template <typename Stored>
struct CacheRows {
  const typename Stored::Value* at;  // key 0
  int64_t stride;

  [[gnu::always_inline]] const typename Stored::Value* row(int64_t key) const { return at + key * stride; }
};

// Where the scales of a head's codes lie.
struct RowScales {
  const float* at;  // key 0
  int64_t stride;
};

// One kv head of a call, and the columns of its values that are in hand.
template <typename Stored>
struct Head {
  CacheRows<Stored> keys, values;
  CacheRows<Stored> values_soon, keys_soon;  // what it asks for while it reads a block's keys, and its values
  RowScales key_scales = {}, value_scales = {};
  int64_t key_dim, columns;
  float scale;
};

// Asks for kCount columns of a row of a cache, which will be read soon: rows of one head lie too far apart for hardware
// to guess the next one. They are columns c and on, a multiple of kCount: of columns in a line the first ones ask for
// it.
template <int64_t kCount, typename Value>
TRITIUM_INLINE void fetch_columns(const Value* columns, int64_t c) {
  constexpr int64_t kOfLine = kLine / sizeof(Value);
  TRITIUM_UNROLL
  for (int64_t i = 0; i < kCount; i += kOfLine)
    if (kCount >= kOfLine || c % kOfLine == 0) __builtin_prefetch(columns + i);
}

}  // namespace
}  // namespace tritium::cpu
