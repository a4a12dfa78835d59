// softmax(scale * q k^T) v in blocks of keys with a running maximum (Milakov & Gimelshein 2018; Dao et al. 2022), in
// single precision: 128 products of a score err by some 2^-20 of their magnitudes (papers/cpu_kernels.md: what that
// means for a model).
//
// Every sum has one order, which depends on the query's position alone: blocks and spans are counted from the first row
// of its sequence, and a key that it does not see adds exactly nothing. So a token's values are the same to the bit
// whichever tokens it is computed with, and by whichever threads. Spans of keys have softmaxes of their own, which are
// merged in ascending order: threads share the keys of one token (Dao et al. 2023, "Flash-Decoding").
//
// A task has up to 16 queries that share a kv head: neighbouring heads of its group, then neighbouring tokens.
// So keys and values are read once for them.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp_single.h"
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

// Where a head's keys or values lie.
template <typename Stored>
struct CacheRows {
  const typename Stored::Value* at;  // key 0
  int64_t stride;
};

// A row of a cache, which will be read soon: rows of one head lie too far apart for hardware to guess the next one.
template <typename Value>
TRITIUM_INLINE void fetch_row(const Value* row, int64_t n) {
  constexpr int64_t kLine = 64 / sizeof(Value);
  for (int64_t i = 0; i < n; i += kLine) __builtin_prefetch(row + i, 0, 2);
}

// p[q][j - block] = scale * q . key j of keys from … to of a block, and whatever behind them.
template <typename V, typename Stored, int kQueries>
void score_keys(Together<kQueries>& t, const CacheRows<Stored>& keys, const CacheRows<Stored>& values, int64_t block,
                int64_t from, int64_t to, int64_t dim, int64_t columns, float scale) {
  constexpr int kKeys = V::kLanes / kQueries;
  constexpr int64_t kAhead = 16;
  for (int64_t j = from; j <= to; j += kKeys) {
    const typename Stored::Value* key[kKeys];
    TRITIUM_UNROLL
    for (int i = 0; i < kKeys; ++i) {
      const int64_t row = j + i < to ? j + i : to;
      key[i] = keys.at + row * keys.stride;
      fetch_row(keys.at + (row + kAhead) * keys.stride, dim);
      fetch_row(values.at + row * values.stride, columns);
    }
    typename V::F sum[V::kLanes] = {};
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t n) __attribute__((always_inline)) {
          typename V::F k[kKeys];
          TRITIUM_UNROLL
          for (int i = 0; i < kKeys; ++i) k[i] = load_stored<V, Stored>(key[i] + d, n);
          TRITIUM_UNROLL
          for (int q = 0; q < kQueries; ++q) {
            const typename V::F in = load_stored<V, StoredF32>(t.query[q]->q + d, n);
            TRITIUM_UNROLL
            for (int i = 0; i < kKeys; ++i) sum[q * kKeys + i] = V::fma(in, k[i], sum[q * kKeys + i]);
          }
        });
    float scores[V::kLanes];
    V::store(scores, lane_sums<V>(sum) * scale);
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q) __builtin_memcpy(t.p[q] + (j - block), scores + q * kKeys, 4 * kKeys);
  }
}

// The scores of a block become exp(score - largest), those of keys that the query does not see 0.
template <typename V>
void exponentials(Query& query, int64_t block, float* p, float& factor) {
  const int64_t from = query.first > block ? query.first - block : 0;
  const int64_t end = query.last < block + kKeyBlock ? query.last - block + 1 : kKeyBlock;
  if (from >= end) {
    __builtin_memset(p, 0, sizeof(float) * kKeyBlock);
    factor = 1.0f;
    return;
  }
  for (int64_t j = 0; j < from; ++j) p[j] = -__builtin_inff();
  for (int64_t j = end; j < kKeyBlock; ++j) p[j] = -__builtin_inff();
  typename V::F tops = V::load(p);
  for (int64_t j = V::kLanes; j < kKeyBlock; j += V::kLanes) tops = V::max(V::load(p + j), tops);
  const float top = largest<V>(tops);
  const float now = top > query.span.largest ? top : query.span.largest;
  const typename V::F before = exp_single<V>(V::all(query.span.largest - now));
  factor = before[0];
  typename V::F sums = V::load(query.sums) * before;
  for (int64_t j = 0; j < kKeyBlock; j += V::kLanes) {
    const auto e = exp_single<V>(V::load(p + j) - now);
    sums += e;
    V::store(p + j, e);
  }
  V::store(query.sums, sums);
  query.span.largest = now;
}

// mix = mix * factor + sum over keys from … to of p[key] * value, for kVectors vectors of columns from c on; the last
// of them has n columns.
template <typename V, typename Stored, int kQueries, int kVectors>
TRITIUM_INLINE void mix_columns(Together<kQueries>& t, const CacheRows<Stored>& values, int64_t block, int64_t from,
                                int64_t to, int64_t c, int64_t n) {
  typename V::F sum[kQueries][kVectors];
  TRITIUM_UNROLL
  for (int q = 0; q < kQueries; ++q) {
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i) sum[q][i] = V::load(t.query[q]->span.mix + c + i * V::kLanes) * t.factor[q];
  }
  for (int64_t j = from; j <= to; ++j) {
    const typename Stored::Value* row = values.at + j * values.stride + c;
    typename V::F value[kVectors];
    TRITIUM_UNROLL
    for (int i = 0; i < kVectors; ++i)
      value[i] = i + 1 < kVectors ? Stored::template load<V>(row + i * V::kLanes)
                                  : load_stored<V, Stored>(row + i * V::kLanes, n);
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
      const typename V::F p = V::all(t.p[q][j - block]);
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

template <typename V, typename Stored, int kQueries>
void mix_values(Together<kQueries>& t, const CacheRows<Stored>& values, int64_t block, int64_t from, int64_t to,
                int64_t columns) {
  constexpr int kVectors = V::kLanes == 16 ? 4 : 2;  // with 4 queries, sums that fit the registers
  int64_t c = 0;
  for (; c + kVectors * V::kLanes <= columns; c += kVectors * V::kLanes)
    mix_columns<V, Stored, kQueries, kVectors>(t, values, block, from, to, c, V::kLanes);
  for (; c < columns; c += V::kLanes)
    mix_columns<V, Stored, kQueries, 1>(t, values, block, from, to, c,
                                        columns - c < V::kLanes ? columns - c : V::kLanes);
}

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

// p = p times the scales of keys from … to of a block.
template <typename V, int kQueries>
TRITIUM_INLINE void scale_keys(Together<kQueries>& t, const RowScales& scales, int64_t block, int64_t from,
                               int64_t to) {
  float of_key[kKeyBlock] = {};
  for (int64_t j = from; j <= to; ++j) of_key[j - block] = scales.at[j * scales.stride];
  for (int q = 0; q < kQueries; ++q)
    for (int64_t j = 0; j < kKeyBlock; j += V::kLanes) V::store(t.p[q] + j, V::load(t.p[q] + j) * V::load(of_key + j));
}

// What a block of keys adds to queries of one sequence.
template <typename V, typename Stored, int kQueries>
void attend(const Head<Stored>& head, int64_t block, Query* queries) {
  int64_t from = block + kKeyBlock, to = block - 1;
  Together<kQueries> t;
  for (int q = 0; q < kQueries; ++q) {
    t.query[q] = queries + q;
    from = queries[q].first < from ? queries[q].first : from;
    to = queries[q].last > to ? queries[q].last : to;
  }
  from = from < block ? block : from;
  to = to < block + kKeyBlock ? to : block + kKeyBlock - 1;
  if (from > to) return;
  score_keys<V, Stored>(t, head.keys, head.values, block, from, to, head.key_dim, head.columns, head.scale);
  if constexpr (Stored::kScaled) scale_keys<V>(t, head.key_scales, block, from, to);
  for (int q = 0; q < kQueries; ++q) exponentials<V>(queries[q], block, t.p[q], t.factor[q]);
  if constexpr (Stored::kScaled) scale_keys<V>(t, head.value_scales, block, from, to);
  mix_values<V, Stored>(t, head.values, block, from, to, head.columns);
}

// The keys first … last of a sequence, blocks counted from its first row, for all queries.
template <typename V, typename Stored>
void attend_span(const Head<Stored>& head, int64_t first, int64_t last, Query* queries, int count) {
  for (int i = 0; i < count; ++i) {
    queries[i].span.largest = -__builtin_inff();
    __builtin_memset(queries[i].sums, 0, sizeof queries[i].sums);
    __builtin_memset(queries[i].span.mix, 0, sizeof(float) * kColumns);
  }
  for (int64_t block = first; block <= last; block += kKeyBlock) {
    int i = 0;
    for (; i + 4 <= count; i += 4) attend<V, Stored, 4>(head, block, queries + i);
    for (; i + 2 <= count; i += 2) attend<V, Stored, 2>(head, block, queries + i);
    if (i < count) attend<V, Stored, 1>(head, block, queries + i);
  }
  for (int i = 0; i < count; ++i) queries[i].span.sum = lane_sum<V>(V::load(queries[i].sums));
}

// all = all and a later span.
template <typename V>
void merge(Mixture& all, const Mixture& span, int64_t columns) {
  const float largest = span.largest > all.largest ? span.largest : all.largest;
  const typename V::F before = exp_single<V>(V::all(all.largest - largest));
  const typename V::F added = exp_single<V>(V::all(span.largest - largest));
  all.largest = largest;
  all.sum = all.sum * before[0] + span.sum * added[0];
  for (int64_t c = 0; c < columns; c += V::kLanes)
    V::store(all.mix + c, V::load(all.mix + c) * before + V::load(span.mix + c) * added);
}

// The queries of a task, neighbours in one sequence: first those of a token.
struct Task {
  int64_t kv_head;
  int64_t first_head, end_head;
  int64_t first_token, end_token;
};

TRITIUM_INLINE Task task_of(const AttentionCall& a, const AttentionTiling& tiling, int64_t task) {
  const int64_t group = a.p.n_heads / a.p.n_kv_heads;
  const int64_t tiles_of_group = (group + tiling.heads - 1) / tiling.heads;
  // Heads outermost: late tokens see more keys, so threads that took contiguous tokens would not finish
  // together.
  const int64_t n_token_tiles = (a.p.n_tokens + tiling.tokens - 1) / tiling.tokens;
  const int64_t head_tile = task / n_token_tiles;
  const int64_t first_token = task % n_token_tiles * tiling.tokens;
  const int64_t kv_head = head_tile / tiles_of_group;
  const int64_t first_head = kv_head * group + head_tile % tiles_of_group * tiling.heads;
  const int64_t last_head = (kv_head + 1) * group;
  return {.kv_head = kv_head,
          .first_head = first_head,
          .end_head = first_head + tiling.heads < last_head ? first_head + tiling.heads : last_head,
          .first_token = first_token,
          .end_token = first_token + tiling.tokens < a.p.n_tokens ? first_token + tiling.tokens : a.p.n_tokens};
}

// A span's softmax for each query and span, with all value columns: [n_tokens * n_heads, n_spans].
TRITIUM_INLINE float* partial_of(const AttentionCall& a, const AttentionTiling& tiling, int64_t row, int64_t span) {
  return a.partials + (row * tiling.n_spans + span) * (a.p.value_dim + 2);
}

// Queries of one sequence against all keys that they see, or those of one span.
template <typename V, typename Stored>
void attend_queries(const AttentionCall& a, const AttentionTiling& tiling, int64_t kv_head, int64_t start, int64_t span,
                    Query* queries, const int64_t* rows, int count) {
  const auto* k = static_cast<const typename Stored::Value*>(a.k_cache);
  const auto* v = static_cast<const typename Stored::Value*>(a.v_cache);
  const int64_t value_dim = a.p.value_dim, n_kv_heads = a.p.n_kv_heads;
  for (int64_t column = 0; column < value_dim; column += kColumns) {
    const int64_t columns = value_dim - column < kColumns ? value_dim - column : kColumns;
    Head<Stored> head = {.keys = {k + kv_head * a.p.key_dim, n_kv_heads * a.p.key_dim},
                         .values = {v + kv_head * value_dim + column, n_kv_heads * value_dim},
                         .key_dim = a.p.key_dim,
                         .columns = columns,
                         .scale = a.p.scale};
    if constexpr (Stored::kScaled) {
      head.key_scales = {a.k_scales + kv_head, n_kv_heads};
      head.value_scales = {a.v_scales + kv_head, n_kv_heads};
    }
    // Tokens ascend, so the first query sees the earliest key and the last one the latest.
    const int64_t first = queries[0].first, last = queries[count - 1].last;
    const int64_t from_span = tiling.n_spans > 1 ? span : (first - start) / kAttentionSpan;
    const int64_t to_span = tiling.n_spans > 1 ? span : (last - start) / kAttentionSpan;
    for (int i = 0; i < count; ++i) queries[i].all.largest = -__builtin_inff(), queries[i].all.sum = 0.0f;
    for (int64_t s = from_span; s <= to_span; ++s) {
      const int64_t from = start + s * kAttentionSpan, end = from + kAttentionSpan - 1;
      const int64_t first_block = first > from ? from + (first - from) / kKeyBlock * kKeyBlock : from;
      attend_span<V, Stored>(head, first_block, last < end ? last : end, queries, count);
      for (int i = 0; i < count; ++i) {
        Query& query = queries[i];
        if (query.first > end || query.last < from) continue;
        if (query.first >= from) {
          __builtin_memcpy(&query.all, &query.span, sizeof query.all);
        } else {
          merge<V>(query.all, query.span, columns);
        }
      }
    }
    for (int i = 0; i < count; ++i) {
      const Mixture& result = tiling.n_spans > 1 ? queries[i].span : queries[i].all;
      float* partial = tiling.n_spans > 1 ? partial_of(a, tiling, rows[i], span) : nullptr;
      if (partial) {
        partial[0] = result.largest;
        partial[1] = result.sum;
        __builtin_memcpy(partial + 2 + column, result.mix, sizeof(float) * static_cast<size_t>(columns));
      } else {
        for (int64_t c = 0; c < columns; ++c) queries[i].y[column + c] = result.mix[c] / result.sum;
      }
    }
  }
}

template <typename V, typename Stored>
void attention_task(const AttentionCall& a, const AttentionTiling& tiling, int64_t number) {
  const Task task = task_of(a, tiling, number / tiling.n_spans);
  const int64_t span = number % tiling.n_spans, window = a.p.window;
  Query queries[kAttentionQueries];
  int64_t rows[kAttentionQueries];
  for (int64_t t = task.first_token; t < task.end_token;) {
    // Neighbours in one sequence read its keys together.
    const int64_t start = a.rows[2 * t + 1];
    int count = 0;
    do {
      for (int64_t h = task.first_head; h < task.end_head; ++h) {
        const int64_t last = a.rows[2 * t];
        const int64_t row = t * a.p.n_heads + h;
        rows[count] = row;
        Query& query = queries[count++];
        query.q = a.q + row * a.p.key_dim;
        query.y = a.y + row * a.p.value_dim;
        query.first = start + (window == 0 || last + 1 < window ? 0 : last + 1 - window);
        query.last = start + last;
      }
      ++t;
    } while (t < task.end_token && a.rows[2 * t + 1] == start && a.rows[2 * t] == a.rows[2 * t - 2] + 1);
    attend_queries<V, Stored>(a, tiling, task.kv_head, start, span, queries, rows, count);
  }
}

template <typename V>
void attention(const AttentionCall& a, const AttentionTiling& tiling, int64_t first, int64_t last) {
  for (int64_t task = first; task < last; ++task) {
    if (a.p.cache_dtype == TRITIUM_DTYPE_F16)
      attention_task<V, StoredF16>(a, tiling, task);
    else if (a.p.cache_dtype == TRITIUM_DTYPE_I8)
      attention_task<V, StoredI8>(a, tiling, task);
    else
      attention_task<V, StoredF32>(a, tiling, task);
  }
}

// y of (token, head) rows whose spans were computed apart.
template <typename V>
void merge_attention(const AttentionCall& a, const AttentionTiling& tiling, int64_t first, int64_t last) {
  for (int64_t row = first; row < last; ++row) {
    const int64_t t = row / a.p.n_heads, position = a.rows[2 * t], window = a.p.window;
    const int64_t first_key = window == 0 || position + 1 < window ? 0 : position + 1 - window;
    for (int64_t column = 0; column < a.p.value_dim; column += kColumns) {
      const int64_t columns = a.p.value_dim - column < kColumns ? a.p.value_dim - column : kColumns;
      Mixture all, span;
      for (int64_t s = first_key / kAttentionSpan; s <= position / kAttentionSpan; ++s) {
        const float* partial = partial_of(a, tiling, row, s);
        Mixture& into = s == first_key / kAttentionSpan ? all : span;
        into.largest = partial[0];
        into.sum = partial[1];
        __builtin_memset(into.mix, 0, sizeof into.mix);
        __builtin_memcpy(into.mix, partial + 2 + column, sizeof(float) * static_cast<size_t>(columns));
        if (&into == &span) merge<V>(all, span, columns);
      }
      for (int64_t c = 0; c < columns; ++c) a.y[row * a.p.value_dim + column + c] = all.mix[c] / all.sum;
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
