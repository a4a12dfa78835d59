// softmax(scale * q k^T) v of whole sequences and its gradient, as products of small matrices: kTrainingQueries queries
// of a head at a time against all keys they see. A task is a (sequence, kv head): the gradients of its keys and values
// are its own.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/exp_single.h"
#include "cpu/kernels/float_product.h"

namespace tritium::cpu {
namespace {

// A head's part of a (tokens, heads, dim) tensor: row t at `at + t * stride`.
struct HeadRows {
  float* at;
  int64_t stride;
};

template <typename V>
ProductOperand operand_of(const HeadRows& rows, OperandKind kind) {
  return {.kind = kind, .data = rows.at, .stride = rows.stride};
}

// c(i, j) = or += scale * a(i, k) b(k, j)
template <typename V, typename A>
void small_product(const A& a, int64_t m, int64_t depth, const ProductOperand& b, int64_t n, const HeadRows& c,
                   bool accumulate, float scale) {
  product<V, FloatTerms<V>>(a, m, depth, pack_of<V>(b), b, n, {c.at, nullptr, c.stride, accumulate, scale}, 0,
                            (n + V::kLanes - 1) / V::kLanes);
}

// One block of queries of one head.
struct QueryBlock {
  int64_t first, n;           // queries
  int64_t first_key, n_keys;  // keys that any of them sees
};

TRITIUM_INLINE QueryBlock block_at(const AttentionBackwardParams& p, int64_t first) {
  const int64_t length = p.sequence_length;
  const int64_t end = first + kTrainingQueries < length ? first + kTrainingQueries : length;
  const int64_t window = p.window;
  const int64_t first_key = window == 0 || first + 1 < window ? 0 : first + 1 - window;
  return {first, end - first, first_key, end - first_key};
}

// weights (n, n_keys) = softmax(scale q k^T) with 0 where a query does not see a key.
template <typename V>
void attention_weights(const AttentionBackwardParams& p, const QueryBlock& block, const HeadRows& q, const HeadRows& k,
                       float* weights) {
  small_product<V>(ByRow<float>{q.at + block.first * q.stride, nullptr, q.stride}, block.n, p.key_dim,
                   operand_of<V>({k.at + block.first_key * k.stride, k.stride}, OperandKind::transposed_floats),
                   block.n_keys, {weights, block.n_keys}, false, p.scale);
  for (int64_t i = 0; i < block.n; ++i) {
    float* row = weights + i * block.n_keys;
    const int64_t last = block.first + i - block.first_key;  // the query's own token
    const int64_t first = p.window == 0 || last + 1 < static_cast<int64_t>(p.window) ? 0 : last + 1 - p.window;
    const float top = largest_of<V>(row + first, last + 1 - first);
    typename V::F sums = {};
    for_vectors<V>(
        first, last + 1, [&](int64_t j, int64_t n) __attribute__((always_inline)) {
          const auto e = exp_up_to<V>(load_up_to<V>(row + j, n) - top, n);
          sums += e;
          store_up_to<V>(row + j, e, n);
        });
    const float inverse = 1.0f / lane_sum<V>(sums);
    for (int64_t j = 0; j < first; ++j) row[j] = 0.0f;
    for_vectors<V>(
        first, last + 1, [&](int64_t j, int64_t n) __attribute__((always_inline)) {
          store_up_to<V>(row + j, load_up_to<V>(row + j, n) * inverse, n);
        });
    for (int64_t j = last + 1; j < block.n_keys; ++j) row[j] = 0.0f;
  }
}

// dscores = weights (dweights - sum of weights dweights) scale, in place of dweights.
template <typename V>
void score_gradients(const QueryBlock& block, float scale, const float* weights, float* dweights) {
  for (int64_t i = 0; i < block.n; ++i) {
    const float* w = weights + i * block.n_keys;
    float* d = dweights + i * block.n_keys;
    typename V::F products = {};
    for_vectors<V>(
        0, block.n_keys, [&](int64_t j, int64_t n) __attribute__((always_inline)) {
          products = V::fma(load_up_to<V>(w + j, n), load_up_to<V>(d + j, n), products);
        });
    const float mean = lane_sum<V>(products);
    for_vectors<V>(
        0, block.n_keys, [&](int64_t j, int64_t n) __attribute__((always_inline)) {
          store_up_to<V>(d + j, load_up_to<V>(w + j, n) * (load_up_to<V>(d + j, n) - mean) * scale, n);
        });
  }
}

// Row 0 of head `head` of a task's sequence.
template <typename Pointer>
TRITIUM_INLINE HeadRows head_rows(Pointer* tensor, int64_t first_token, int64_t heads, int64_t head, int64_t dim) {
  return {const_cast<float*>(tensor) + (first_token * heads + head) * dim, heads * dim};
}

template <typename V>
void attention_of_sequences(const TrainingAttention& a, float* scratch, int64_t first, int64_t last) {
  const AttentionBackwardParams& p = a.p;
  const int64_t group = p.n_heads / p.n_kv_heads;
  for (int64_t task = first; task < last; ++task) {
    const int64_t token = task / p.n_kv_heads * p.sequence_length;
    const int64_t kv_head = task % p.n_kv_heads;
    const HeadRows k = head_rows(a.k, token, p.n_kv_heads, kv_head, p.key_dim);
    const HeadRows v = head_rows(a.v, token, p.n_kv_heads, kv_head, p.value_dim);
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      const HeadRows q = head_rows(a.q, token, p.n_heads, head, p.key_dim);
      const HeadRows y = head_rows(a.y, token, p.n_heads, head, p.value_dim);
      for (int64_t i = 0; i < p.sequence_length; i += kTrainingQueries) {
        const QueryBlock block = block_at(p, i);
        attention_weights<V>(p, block, q, k, scratch);
        small_product<V>(ByRow<float>{scratch, nullptr, block.n_keys}, block.n, block.n_keys,
                         operand_of<V>({v.at + block.first_key * v.stride, v.stride}, OperandKind::floats), p.value_dim,
                         {y.at + i * y.stride, y.stride}, false, 1.0f);
      }
    }
  }
}

template <typename V>
void clear_rows(const HeadRows& rows, int64_t n, int64_t dim) {
  for (int64_t t = 0; t < n; ++t)
    __builtin_memset(rows.at + t * rows.stride, 0, sizeof(float) * static_cast<size_t>(dim));
}

template <typename V>
void attention_backward(const TrainingAttention& a, float* scratch, int64_t first, int64_t last) {
  const AttentionBackwardParams& p = a.p;
  const int64_t group = p.n_heads / p.n_kv_heads;
  float* weights = scratch;
  float* dweights = scratch + kTrainingQueries * p.sequence_length;
  for (int64_t task = first; task < last; ++task) {
    const int64_t token = task / p.n_kv_heads * p.sequence_length;
    const int64_t kv_head = task % p.n_kv_heads;
    const HeadRows k = head_rows(a.k, token, p.n_kv_heads, kv_head, p.key_dim);
    const HeadRows v = head_rows(a.v, token, p.n_kv_heads, kv_head, p.value_dim);
    const HeadRows dk = head_rows(a.dk, token, p.n_kv_heads, kv_head, p.key_dim);
    const HeadRows dv = head_rows(a.dv, token, p.n_kv_heads, kv_head, p.value_dim);
    clear_rows<V>(dk, p.sequence_length, p.key_dim);
    clear_rows<V>(dv, p.sequence_length, p.value_dim);
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
      const HeadRows q = head_rows(a.q, token, p.n_heads, head, p.key_dim);
      const HeadRows dq = head_rows(a.dq, token, p.n_heads, head, p.key_dim);
      const HeadRows dy = head_rows(a.dy, token, p.n_heads, head, p.value_dim);
      for (int64_t i = 0; i < p.sequence_length; i += kTrainingQueries) {
        const QueryBlock block = block_at(p, i);
        const HeadRows keys = {k.at + block.first_key * k.stride, k.stride};
        const HeadRows values = {v.at + block.first_key * v.stride, v.stride};
        const HeadRows queries = {q.at + i * q.stride, q.stride};
        const HeadRows gradients = {dy.at + i * dy.stride, dy.stride};
        attention_weights<V>(p, block, q, k, weights);
        small_product<V>(ByRow<float>{gradients.at, nullptr, gradients.stride}, block.n, p.value_dim,
                         operand_of<V>(values, OperandKind::transposed_floats), block.n_keys, {dweights, block.n_keys},
                         false, 1.0f);
        small_product<V>(ByColumn<float>{weights, nullptr, block.n_keys}, block.n_keys, block.n,
                         operand_of<V>(gradients, OperandKind::floats), p.value_dim,
                         {dv.at + block.first_key * dv.stride, dv.stride}, true, 1.0f);
        score_gradients<V>(block, p.scale, weights, dweights);
        small_product<V>(ByRow<float>{dweights, nullptr, block.n_keys}, block.n, block.n_keys,
                         operand_of<V>(keys, OperandKind::floats), p.key_dim, {dq.at + i * dq.stride, dq.stride}, false,
                         1.0f);
        small_product<V>(ByColumn<float>{dweights, nullptr, block.n_keys}, block.n_keys, block.n,
                         operand_of<V>(queries, OperandKind::floats), p.key_dim,
                         {dk.at + block.first_key * dk.stride, dk.stride}, true, 1.0f);
      }
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
