// softmax(scale * q k^T) v in blocks of keys with a running maximum (Milakov & Gimelshein 2018; Dao et al. 2022), in
// single precision: 128 products of a score err by some 2^-20 of their magnitudes (papers/cpu_kernels.md: what that
// means for a model).
//
// Every sum has one order, which depends on the query's position alone: blocks and spans are counted from the first row
// of its sequence, and a key that it does not see adds exactly nothing. So a token's values are the same to the bit
// whichever tokens it is computed with, and by whichever threads. Spans of keys have softmaxes of their own, which are
// merged in ascending order: threads share the keys of one token (Dao et al. 2023, "Flash-Decoding").
//
// A task has up to 32 queries that share a kv head: neighbouring heads of its group, then neighbouring tokens. So keys
// and values are read once for them. One token's task may have several kv heads, whose rows lie side by side.
#pragma once

#include "cpu/kernels.h"
#include "cpu/kernels/attention_scores.h"
#include "cpu/kernels/attention_softmax.h"
#include "cpu/kernels/attention_values.h"

namespace tritium::cpu {
namespace {

// each(Count of columns) for usual ones, else of 0.
template <typename Stored, typename Each>
TRITIUM_INLINE void with_dim(int64_t dim, const Each& each) {
  if constexpr (sizeof(typename Stored::Value) < sizeof(float)) {
    if (dim == 64) return each(Count<64>{});
    if (dim == 128) return each(Count<128>{});
  }
  each(Count<0>{});
}

// The scores of queries of one sequence with a block of keys, some of them at a time.
template <typename V, typename Stored>
void score_block(const Head<Stored>& head, const KeyRange& range, Query* queries, const float* packed, int count) {
  constexpr int kMany = 9;  // queries that copied keys are worth
  const bool copies = count >= kMany && head.key_dim <= kCopiedColumns;
  const int64_t part = together_of<V>(count, head.key_dim) == count ? kKeyBlock : kKeyPart;
  KeyCopy<V> copy;
  for (int64_t at = (range.from - range.first) / part * part; at <= range.to - range.first; at += part) {
    const int64_t first = range.first + at, end = first + part;
    if (copies) copy.take(head, range, first);
    for_groups<V>(queries, count, packed, head.key_dim, [&](auto n, Query* group, const float* q) {
      constexpr int kQueries = decltype(n)::value;
      const KeyRange all = range_of(range.first, group, kQueries);
      const KeyRange seen = {all.first, all.from < first ? first : all.from, all.to < end ? all.to : end - 1};
      if (seen.from > seen.to) return;
      if (copies)
        score_copy<V, kQueries>(group, q, copy, head.key_dim, head.scale, at);
      else if (group == queries)
        with_dim<Stored>(
            head.key_dim, [&](auto dim) __attribute__((always_inline)) {
              score_keys<V, kQueries, true, decltype(dim)::value>(group, q, head, seen);
            });
      else
        score_keys<V, kQueries, false, 0>(group, q, head, seen);
    });
  }
}

// Scores become weights, with the scales of stored codes: of keys before, of values after.
template <typename V, typename Stored>
void weigh_block(const Head<Stored>& head, const KeyRange& range, Query* queries, int count) {
  if constexpr (Stored::kScaled) scale_keys<V>(queries, count, head.key_scales, range);
  for (int q = 0; q < count; ++q) exponentials<V>(queries[q], range.first);
  if constexpr (Stored::kScaled) scale_keys<V>(queries, count, head.value_scales, range);
}

template <typename V, typename Stored>
void mix_block(const Head<Stored>& head, int64_t block, Query* queries, const float* packed, int count) {
  // A part of the columns at a time, so that it is in the L1 cache for the next queries.
  const int64_t part = count > 2 ? kColumnVectors<V, 4> * V::kLanes : head.columns;
  for (int64_t c = 0; c < head.columns; c += part)
    for_groups<V>(queries, count, packed, head.key_dim, [&](auto n, Query* group, const float*) {
      constexpr int kQueries = decltype(n)::value;
      const KeyRange seen = range_of(block, group, kQueries);
      const int64_t end = c + part < head.columns ? c + part : head.columns;
      if (seen.from <= seen.to) mix_values<V, kQueries>(group, head, seen, c, end, group == queries);
    });
}

// The kv heads of a task, each with `count` queries: what queries, packed queries and heads begin with is the first's.
template <typename Stored>
struct Heads {
  Head<Stored>* first;
  int n;
  int count;
  int64_t packed_stride;
  bool whole_rows;  // a block's keys are read for all heads, then its values
};

// Memory is read fastest line after line, hence whole rows; but where multiply-adds limit, what waits in the L2 cache
// until all heads have met a block takes longer to read than it saves.
template <typename Stored>
TRITIUM_INLINE bool reads_whole_rows(const AttentionCall& a, int n_heads, int count) {
  constexpr int64_t kOfBlock = int64_t{32} << 10;  // bytes
  if (n_heads != static_cast<int>(a.p.n_kv_heads) || a.p.key_dim != a.p.value_dim) return false;
  return count <= 2 || kKeyBlock * n_heads * a.p.key_dim * int64_t{sizeof(typename Stored::Value)} <= kOfBlock;
}

// Rows of a block that head h of the task asks for: its own, or its share of whole rows, in pieces as long as its own.
template <typename Stored>
TRITIUM_INLINE CacheRows<Stored> soon(const CacheRows<Stored>& own, const Heads<Stored>& heads, int h, int64_t block) {
  if (!heads.whole_rows) return {own.row(block), own.stride};
  const int64_t dim = own.stride / heads.n;
  return {own.row(block) - h * dim + h * kKeyBlock * dim, dim};
}

// What a block of keys adds to queries of one sequence.
template <typename V, typename Stored>
void attend(const Heads<Stored>& heads, int64_t block, Query* queries, const float* packed) {
  const int count = heads.count;
  const KeyRange range = range_of(block, queries, count);  // every head's
  if (range.from > range.to) return;
  const int together = heads.whole_rows ? heads.n : 1;
  for (int from = 0; from < heads.n; from += together) {
    const int end = from + together;
    for (int h = from; h < end; ++h) {
      Head<Stored>& head = heads.first[h];
      head.values_soon = soon(head.values, heads, h, block);
      head.keys_soon = soon(head.keys, heads, h, block + kKeyBlock);
      score_block<V>(head, range, queries + h * count, packed + h * heads.packed_stride, count);
    }
    for (int h = from; h < end; ++h) weigh_block<V>(heads.first[h], range, queries + h * count, count);
    for (int h = from; h < end; ++h)
      mix_block<V>(heads.first[h], block, queries + h * count, packed + h * heads.packed_stride, count);
  }
}

// The keys first … last of a sequence, blocks counted from its first row, for all queries.
template <typename V, typename Stored>
void attend_span(const Heads<Stored>& heads, int64_t first, int64_t last, Query* queries, const float* packed) {
  for (int i = 0; i < heads.n * heads.count; ++i) {
    queries[i].span.largest = -__builtin_inff();
    __builtin_memset(queries[i].sums, 0, sizeof queries[i].sums);
    for (int64_t c = 0; c < heads.first->columns; c += V::kLanes) V::store(queries[i].span.mix + c, typename V::F{});
  }
  for (int64_t block = first; block <= last; block += kKeyBlock) attend<V>(heads, block, queries, packed);
  for (int i = 0; i < heads.n * heads.count; ++i) queries[i].span.sum = lane_sum<V>(V::load(queries[i].sums));
}

// The queries of a task, neighbours in one sequence: first those of a token.
struct Task {
  int64_t kv_head, n_kv_heads;
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
  const int64_t kv_head = head_tile / tiles_of_group * tiling.kv_heads;
  const int64_t left = a.p.n_kv_heads - kv_head, n_kv_heads = tiling.kv_heads < left ? tiling.kv_heads : left;
  const int64_t first_head = kv_head * group + head_tile % tiles_of_group * tiling.heads;
  const int64_t last_head = (kv_head + n_kv_heads) * group;
  return {.kv_head = kv_head,
          .n_kv_heads = n_kv_heads,
          .first_head = first_head,
          .end_head = first_head + tiling.heads < last_head ? first_head + tiling.heads : last_head,
          .first_token = first_token,
          .end_token = first_token + tiling.tokens < a.p.n_tokens ? first_token + tiling.tokens : a.p.n_tokens};
}

// A span's softmax for each query and span, with all value columns: [n_tokens * n_heads, n_spans].
TRITIUM_INLINE float* partial_of(const AttentionCall& a, const AttentionTiling& tiling, int64_t row, int64_t span) {
  return a.partials + (row * tiling.n_spans + span) * (a.p.value_dim + 2);
}

// Where a kv head's keys and `columns` of its values from `column` on lie.
template <typename Stored>
TRITIUM_INLINE Head<Stored> head_of(const AttentionCall& a, int64_t kv_head, int64_t column, int64_t columns) {
  const auto* k = static_cast<const typename Stored::Value*>(a.k_cache);
  const auto* v = static_cast<const typename Stored::Value*>(a.v_cache);
  const int64_t value_dim = a.p.value_dim, n_kv_heads = a.p.n_kv_heads;
  Head<Stored> head = {.keys = {k + kv_head * a.p.key_dim, n_kv_heads * a.p.key_dim},
                       .values = {v + kv_head * value_dim + column, n_kv_heads * value_dim},
                       .key_dim = a.p.key_dim,
                       .columns = columns,
                       .scale = a.p.scale};
  if constexpr (Stored::kScaled) {
    head.key_scales = {a.k_scales + kv_head, n_kv_heads};
    head.value_scales = {a.v_scales + kv_head, n_kv_heads};
  }
  return head;
}

// Queries of one sequence, `count` of each kv head of the task, against all keys that they see, or those of one span.
template <typename V, typename Stored>
void attend_queries(const AttentionCall& a, const AttentionTiling& tiling, const Task& task, int64_t start,
                    int64_t span, Query* queries, const int64_t* rows, int count) {
  const int64_t value_dim = a.p.value_dim;
  const int n_heads = static_cast<int>(task.n_kv_heads), n = n_heads * count;
  const int64_t packed_row = a.p.key_dim <= kPackedColumns ? (a.p.key_dim + V::kLanes - 1) / V::kLanes * V::kLanes : 0;
  alignas(kLine) float packed[kAttentionQueries * kPackedColumns];
  Head<Stored> each[kAttentionQueries];
  const Heads<Stored> heads = {.first = each,
                               .n = n_heads,
                               .count = count,
                               .packed_stride = count * packed_row,
                               .whole_rows = reads_whole_rows<Stored>(a, n_heads, count)};
  for (int h = 0; h < n_heads; ++h)
    pack_queries<V>(queries + h * count, count, a.p.key_dim, packed + h * heads.packed_stride);
  for (int64_t column = 0; column < value_dim; column += kColumns) {
    const int64_t columns = value_dim - column < kColumns ? value_dim - column : kColumns;
    for (int h = 0; h < n_heads; ++h) each[h] = head_of<Stored>(a, task.kv_head + h, column, columns);
    // Tokens ascend, so the first query sees the earliest key and the last one the latest.
    const int64_t first = queries[0].first, last = queries[count - 1].last;
    const int64_t from_span = tiling.n_spans > 1 ? span : (first - start) / kAttentionSpan;
    const int64_t to_span = tiling.n_spans > 1 ? span : (last - start) / kAttentionSpan;
    for (int i = 0; i < n; ++i) queries[i].all.largest = -__builtin_inff(), queries[i].all.sum = 0.0f;
    for (int64_t s = from_span; s <= to_span; ++s) {
      const int64_t from = start + s * kAttentionSpan, end = from + kAttentionSpan - 1;
      const int64_t first_block = first > from ? from + (first - from) / kKeyBlock * kKeyBlock : from;
      attend_span<V, Stored>(heads, first_block, last < end ? last : end, queries, packed);
      for (int i = 0; i < n; ++i) {
        Query& query = queries[i];
        if (query.first > end || query.last < from) continue;
        if (query.first >= from) {
          __builtin_memcpy(&query.all, &query.span, sizeof query.all);
        } else {
          merge<V>(query.all, query.span, columns);
        }
      }
    }
    for (int i = 0; i < n; ++i) {
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
  // The heads of a span one after another: their rows share pages of memory.
  const int64_t tiles = tiling.n_tasks / tiling.n_spans;
  const Task task = task_of(a, tiling, number % tiles);
  const int64_t span = number / tiles, window = a.p.window;
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
    attend_queries<V, Stored>(a, tiling, task, start, span, queries, rows, count / static_cast<int>(task.n_kv_heads));
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
