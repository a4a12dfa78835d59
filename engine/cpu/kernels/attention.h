// softmax(scale * q k^T) v in blocks of keys with a running maximum (Milakov & Gimelshein 2018; Dao et al.
// 2022): the scores of a block and the weighted sum so far live on the stack, in double: the
// reference computes in double and rounds once.
//
// A task has up to 8 queries that share a kv head: neighbouring heads of its group, then neighbouring tokens.
// So keys and values are read once for 8 queries.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kKeyBlock = 64;
constexpr int64_t kColumns = 256;  // of a value row, at a time: what a query keeps in double

struct Query {
  const float* q;
  float* y;
  int64_t first;  // keys it sees: first … last
  int64_t last;
  double largest;  // score so far
  double sum;      // of exp(score - largest) so far
  double mix[kColumns];
};

// scores[i] = scale * q . key of n keys that lie `stride` floats apart.
template <typename V>
void score_keys(const Query& query, const float* keys, int64_t stride, int64_t dim, float scale, int64_t n,
                double* scores) {
  constexpr int kKeys = 4;  // at a time: one load of q serves them
  int64_t j = 0;
  const auto dots = [&](auto... key) __attribute__((always_inline)) {
    constexpr int kCount = sizeof...(key);
    const float* k[kCount] = {key...};
    typename V::D sum[kCount] = {};
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t count) __attribute__((always_inline)) {
          const auto in = widen<V>(load_up_to<V>(query.q + d, count));
          TRITIUM_UNROLL
          for (int i = 0; i < kCount; ++i) sum[i] += in * widen<V>(load_up_to<V>(k[i] + d, count));
        });
    TRITIUM_UNROLL
    for (int i = 0; i < kCount; ++i) scores[j + i] = lane_sum<V>(sum[i]) * static_cast<double>(scale);
  };
  for (; j + kKeys <= n; j += kKeys) {
    const float* key = keys + j * stride;
    dots(key, key + stride, key + 2 * stride, key + 3 * stride);
  }
  for (; j < n; ++j) dots(keys + j * stride);
}

// mix = mix * factor + sum over n keys of p[j] * value j, `columns` of them
template <typename V>
void mix_values(const double* p, const float* values, int64_t stride, int64_t columns, int64_t n, double factor,
                double* mix) {
  for_vectors<V>(
      0, columns, [=](int64_t c, int64_t count) __attribute__((always_inline)) {
        auto sum = V::template load_as<typename V::D>(mix + c) * factor;
        for (int64_t j = 0; j < n; ++j) sum += widen<V>(load_up_to<V>(values + j * stride + c, count)) * p[j];
        V::store(mix + c, sum);
      });
}

// What keys `from` … `to` (at most a block) add to columns first_column … of a query.
template <typename V>
void attend(const AttentionCall& a, int64_t kv_head, int64_t from, int64_t to, int64_t first_column, int64_t columns,
            Query& query) {
  if (from < query.first) from = query.first;
  if (to > query.last) to = query.last;
  if (from > to) return;
  const int64_t n = to - from + 1;
  const int64_t k_stride = static_cast<int64_t>(a.p.n_kv_heads) * a.p.key_dim;
  const int64_t v_stride = static_cast<int64_t>(a.p.n_kv_heads) * a.p.value_dim;
  double p[kKeyBlock];
  score_keys<V>(query, a.k_cache + from * k_stride + kv_head * a.p.key_dim, k_stride, a.p.key_dim, a.p.scale, n, p);
  double largest = query.largest;
  for (int64_t j = 0; j < n; ++j) largest = p[j] > largest ? p[j] : largest;
  const double factor = from == query.first ? 0.0 : exp<V>(typename V::D{} + (query.largest - largest))[0];
  typename V::D sum = {};
  for (int64_t j = n; j % V::kLanes != 0; ++j) p[j] = -__builtin_inf();  // e^-inf = 0
  for (int64_t j = 0; j < n; j += V::kLanes) {
    const auto e = exp<V>(V::template load_as<typename V::D>(p + j) - largest);
    sum += e;
    V::store(p + j, e);
  }
  query.sum = query.sum * factor + lane_sum<V>(sum);
  query.largest = largest;
  const float* values = a.v_cache + from * v_stride + kv_head * a.p.value_dim + first_column;
  mix_values<V>(p, values, v_stride, columns, n, factor, query.mix);
}

// Heads wider than kColumns compute their scores again for each part.
template <typename V>
void attend_columns(const AttentionCall& a, int64_t kv_head, int64_t column, int64_t columns, Query* queries,
                    int count) {
  for (int i = 0; i < count; ++i) {
    queries[i].largest = -__builtin_inf();
    queries[i].sum = 0;
    __builtin_memset(queries[i].mix, 0, sizeof queries[i].mix);
  }
  // Tokens ascend, so the first query sees the earliest key and the last one the latest.
  for (int64_t from = queries[0].first; from <= queries[count - 1].last; from += kKeyBlock)
    for (int i = 0; i < count; ++i) attend<V>(a, kv_head, from, from + kKeyBlock - 1, column, columns, queries[i]);
  for (int i = 0; i < count; ++i)
    for (int64_t c = 0; c < columns; ++c)
      queries[i].y[column + c] = static_cast<float>(queries[i].mix[c] / queries[i].sum);
}

template <typename V>
void attention_task(const AttentionCall& a, const AttentionTiling& tiling, int64_t task) {
  const int64_t group = a.p.n_heads / a.p.n_kv_heads;
  const int64_t tiles_of_group = (group + tiling.heads - 1) / tiling.heads;
  // Heads outermost: late tokens see more keys, so threads that took contiguous tokens would not finish
  // together.
  const int64_t n_token_tiles = (a.p.n_tokens + tiling.tokens - 1) / tiling.tokens;
  const int64_t head_tile = task / n_token_tiles;
  const int64_t first_token = task % n_token_tiles * tiling.tokens;
  const int64_t kv_head = head_tile / tiles_of_group;
  const int64_t first_head = kv_head * group + head_tile % tiles_of_group * tiling.heads;
  const int64_t window = a.p.window;

  Query queries[kAttentionQueries];
  const int64_t end = first_token + tiling.tokens < a.p.n_tokens ? first_token + tiling.tokens : a.p.n_tokens;
  for (int64_t t = first_token; t < end;) {
    // Neighbours in one sequence read its keys together.
    const int64_t start = a.rows[2 * t + 1];
    int count = 0;
    do {
      for (int64_t h = first_head; h < first_head + tiling.heads && h < (kv_head + 1) * group; ++h) {
        const int64_t last = a.rows[2 * t];
        const int64_t row = t * a.p.n_heads + h;
        Query& query = queries[count++];
        query = {.q = a.q + row * a.p.key_dim,
                 .y = a.y + row * a.p.value_dim,
                 .first = start + (window == 0 || last + 1 < window ? 0 : last + 1 - window),
                 .last = start + last,
                 .largest = 0.0,
                 .sum = 0.0,
                 .mix = {}};
      }
      ++t;
    } while (t < end && a.rows[2 * t + 1] == start && a.rows[2 * t] == a.rows[2 * t - 2] + 1);
    for (int64_t column = 0; column < a.p.value_dim; column += kColumns) {
      const int64_t columns = a.p.value_dim - column < kColumns ? a.p.value_dim - column : kColumns;
      attend_columns<V>(a, kv_head, column, columns, queries, count);
    }
  }
}

template <typename V>
void attention(const AttentionCall& a, const AttentionTiling& tiling, int64_t first, int64_t last) {
  for (int64_t task = first; task < last; ++task) attention_task<V>(a, tiling, task);
}

}  // namespace
}  // namespace tritium::cpu
