// What a block of keys meets: queries with the softmaxes that they have so far, and where a head's keys and values lie.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels/stored.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kKeyBlock = 64;
constexpr int64_t kColumns = 256;  // of a value row, at a time: what a query keeps

// A softmax so far.
struct Mixture {
  float largest;        // score
  float sum;            // of exp(score - largest)
  float mix[kColumns];  // sum of exp(score - largest) value
};

struct Query {
  const float* q;
  float* y;
  int64_t first;  // keys it sees: first … last
  int64_t last;
  Mixture span;    // of the span in hand
  float sums[16];  // span.sum, lane by lane
  Mixture all;     // of the spans before it
};

// Queries that meet a block together: each key and value is loaded once for them, and their sums, each in its own
// order, hide one another's latency.
template <int kQueries>
struct Together {
  Query* query[kQueries];
  float p[kQueries][kKeyBlock + 16];  // scores, then exp(score - largest)
  float factor[kQueries];             // of what was summed before
};

// How many queries of `left` meet a block together: so many that their sums, and what is multiplied for them, fit the
// registers, and that not much fewer are left for the last time.
template <typename V>
constexpr int together_of(int left) {
  if (V::kLanes < 16) return left >= 7 || left == 4 ? 4 : left >= 5 ? 3 : left;
  if (left == 9 || left == 10 || left == 15) return 5;
  return left >= 8 ? 8 : left == 7 ? 4 : left == 6 ? 3 : left;
}

// Keys from … to of the block that begins with key `first`.
struct KeyRange {
  int64_t first, from, to;
};

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
  RowScales key_scales = {}, value_scales = {};
  int64_t key_dim, columns;
  float scale;
};

// Asks for kCount columns of a row of a cache, which will be read soon: rows of one head lie too far apart for hardware
// to guess the next one.
template <int64_t kCount, typename Value>
TRITIUM_INLINE void fetch_columns(const Value* columns) {
  constexpr int64_t kLine = 64 / sizeof(Value);
  TRITIUM_UNROLL
  for (int64_t i = 0; i < kCount; i += kLine) __builtin_prefetch(columns + i, 0, 3);
}

}  // namespace
}  // namespace tritium::cpu
