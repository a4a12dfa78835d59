// softmax(scale * q k^T) v in blocks of keys with a running maximum (Milakov & Gimelshein 2018; Dao et al.
// 2022): the scores of a block and the weighted sum so far live on the stack, in double: the
// reference computes in double and rounds once.
//
// A task has up to 8 queries that share a kv head: neighbouring heads of its group, then neighbouring tokens.
// So keys and values are read once for 8 queries.
#pragma once

#include <type_traits>

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

// Queries that see the same keys of a block: each key and value is loaded for all of them, and their sums, each in its
// own order, hide one another's latency.
template <int kQueries>
struct Together {
  Query* query[kQueries];
  double p[kQueries][kKeyBlock];  // scores, then exp(score - largest)
  double factor[kQueries];        // of what was summed before
};

// The doubles of a vector of floats, in two registers: GCC keeps sums that fill more than one in memory.
template <typename V>
struct Doubles {
  typename V::HalfD low = {}, high = {};
};

// In lane_sum's order of all lanes.
template <typename V>
TRITIUM_INLINE double lane_sum(const Doubles<V>& x) {
  const auto sum = x.low + x.high;
  if constexpr (V::kLanes == 4) {
    return sum[0] + sum[1];
  } else {
    return lane_sum<Vector<V::kLanes / 2>>(sum);
  }
}

template <typename V>
TRITIUM_INLINE Doubles<V> load_doubles(const float* from, int64_t count) {
  const auto halves = [](const float* f) __attribute__((always_inline)) {
    const auto half = [f](int64_t i) __attribute__((always_inline)) {
      return __builtin_convertvector(V::template load_as<typename V::HalfF>(f + i), typename V::HalfD);
    };
    return Doubles<V>{half(0), half(V::kLanes / 2)};
  };
  if (count == V::kLanes) return halves(from);
  float padded[V::kLanes] = {};
  __builtin_memcpy(padded, from, 4 * static_cast<size_t>(count));
  return halves(padded);
}

// A row of a cache, which will be read soon: rows of one head lie too far apart for hardware to guess the next one.
TRITIUM_INLINE void fetch_row(const float* row, int64_t n) {
  constexpr int64_t kLine = 16;
  for (int64_t i = 0; i < n; i += kLine) __builtin_prefetch(row + i, 0, 2);
}

// p[q][i] = scale * q . key of n keys that lie `stride` floats apart. `pass(j)` is called before key j.
template <typename V, int kQueries>
void score_keys(Together<kQueries>& t, const float* keys, int64_t stride, int64_t dim, float scale, int64_t n,
                const auto& pass) {
  const auto dots = [&](int64_t j, auto n_keys) __attribute__((always_inline)) {
    constexpr int kKeys = decltype(n_keys)::value;
    for (int i = 0; i < kKeys; ++i) pass(j + i);
    const float* const key = keys + j * stride;
    Doubles<V> sum[kQueries][kKeys] = {};
    for_vectors<V>(
        0, dim, [&](int64_t d, int64_t count) __attribute__((always_inline)) {
          Doubles<V> k[kKeys];
          TRITIUM_UNROLL
          for (int i = 0; i < kKeys; ++i) k[i] = load_doubles<V>(key + i * stride + d, count);
          TRITIUM_UNROLL
          for (int q = 0; q < kQueries; ++q) {
            const Doubles<V> in = load_doubles<V>(t.query[q]->q + d, count);
            TRITIUM_UNROLL
            for (int i = 0; i < kKeys; ++i) {
              sum[q][i].low += in.low * k[i].low;
              sum[q][i].high += in.high * k[i].high;
            }
          }
        });
    TRITIUM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
      TRITIUM_UNROLL
      for (int i = 0; i < kKeys; ++i) t.p[q][j + i] = lane_sum(sum[q][i]) * static_cast<double>(scale);
    }
  };
  constexpr int kKeys = 2;
  int64_t j = 0;
  for (; j + kKeys <= n; j += kKeys) dots(j, std::integral_constant<int, kKeys>());
  for (; j < n; ++j) dots(j, std::integral_constant<int, 1>());
}

// The scores of n keys become exp(score - largest), whose sum is the query's.
template <typename V>
void exponentials(Query& query, int64_t n, bool first, double* p, double& factor) {
  double largest = query.largest;
  for (int64_t j = 0; j < n; ++j) largest = p[j] > largest ? p[j] : largest;
  factor = first ? 0.0 : exp<V>(typename V::D{} + (query.largest - largest))[0];
  typename V::D sum = {};
  for (int64_t j = n; j % V::kLanes != 0; ++j) p[j] = -__builtin_inf();  // e^-inf = 0
  for (int64_t j = 0; j < n; j += V::kLanes) {
    const auto e = exp<V>(V::template load_as<typename V::D>(p + j) - largest);
    sum += e;
    V::store(p + j, e);
  }
  query.sum = query.sum * factor + lane_sum<V>(sum);
  query.largest = largest;
}

// mix = mix * factor + sum over n keys of p[j] * value j, `columns` of them
template <typename V, int kQueries>
void mix_values(Together<kQueries>& t, const float* values, int64_t stride, int64_t columns, int64_t n) {
  using Half = typename V::HalfD;
  constexpr int64_t kHalf = V::kLanes / 2;
  for_vectors<V>(
      0, columns, [&](int64_t c, int64_t count) __attribute__((always_inline)) {
        Doubles<V> sum[kQueries];
        TRITIUM_UNROLL
        for (int q = 0; q < kQueries; ++q) {
          sum[q].low = V::template load_as<Half>(t.query[q]->mix + c) * t.factor[q];
          sum[q].high = V::template load_as<Half>(t.query[q]->mix + c + kHalf) * t.factor[q];
        }
        for (int64_t j = 0; j < n; ++j) {
          const Doubles<V> value = load_doubles<V>(values + j * stride + c, count);
          TRITIUM_UNROLL
          for (int q = 0; q < kQueries; ++q) {
            sum[q].low += value.low * t.p[q][j];
            sum[q].high += value.high * t.p[q][j];
          }
        }
        TRITIUM_UNROLL
        for (int q = 0; q < kQueries; ++q) {
          V::store(t.query[q]->mix + c, sum[q].low);
          V::store(t.query[q]->mix + c + kHalf, sum[q].high);
        }
      });
}

struct Keys {
  int64_t from, to;
  bool operator==(const Keys&) const = default;
};

// Keys of a block, to its last one, that a query sees.
[[gnu::always_inline]] inline Keys seen(const Query& query, int64_t from, int64_t to) {
  return {from < query.first ? query.first : from, to > query.last ? query.last : to};
}

// What keys (at most a block) add to columns first_column … of queries that see all of them.
template <typename V, int kQueries>
void attend(const AttentionCall& a, int64_t kv_head, Keys keys, int64_t first_column, int64_t columns, Query* queries) {
  const int64_t n = keys.to - keys.from + 1;
  const int64_t k_stride = static_cast<int64_t>(a.p.n_kv_heads) * a.p.key_dim;
  const int64_t v_stride = static_cast<int64_t>(a.p.n_kv_heads) * a.p.value_dim;
  Together<kQueries> t;
  for (int q = 0; q < kQueries; ++q) t.query[q] = queries + q;
  const float* k = a.k_cache + keys.from * k_stride + kv_head * a.p.key_dim;
  const float* v = a.v_cache + keys.from * v_stride + kv_head * a.p.value_dim + first_column;
  score_keys<V>(
      t, k, k_stride, a.p.key_dim, a.p.scale, n, [=](int64_t j) __attribute__((always_inline)) {
        constexpr int64_t kAhead = 8;
        fetch_row(k + (j + kAhead) * k_stride, a.p.key_dim);
        fetch_row(v + j * v_stride, columns);
      });
  for (int q = 0; q < kQueries; ++q) exponentials<V>(queries[q], n, keys.from == queries[q].first, t.p[q], t.factor[q]);
  mix_values<V>(t, v, v_stride, columns, n);
}

// A block of keys for all queries: those that see the same of it together.
template <typename V>
void attend_block(const AttentionCall& a, int64_t kv_head, int64_t from, int64_t column, int64_t columns,
                  Query* queries, int count) {
  constexpr int kMost = V::kLanes == 16 ? 4 : 2;  // whose sums fit the registers
  for (int i = 0; i < count;) {
    const Keys keys = seen(queries[i], from, from + kKeyBlock - 1);
    int alike = 1;
    while (i + alike < count && seen(queries[i + alike], from, from + kKeyBlock - 1) == keys) ++alike;
    for (const int end = i + alike; i < end;) {
      const int left = end - i, n = left >= kMost ? kMost : left >= 2 ? 2 : 1;
      if (keys.from <= keys.to) {
        if (n == kMost) {
          attend<V, kMost>(a, kv_head, keys, column, columns, queries + i);
        } else if (n == 2) {
          attend<V, 2>(a, kv_head, keys, column, columns, queries + i);
        } else {
          attend<V, 1>(a, kv_head, keys, column, columns, queries + i);
        }
      }
      i += n;
    }
  }
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
    attend_block<V>(a, kv_head, from, column, columns, queries, count);
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
