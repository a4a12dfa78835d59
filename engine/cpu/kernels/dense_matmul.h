// y = x W^T, float activations times f32, f16 or bf16 weights. Lanes are columns: each (weight row, activation row) has
// one vector of partial sums whatever the tile, so an output does not depend on how many tokens it is
// computed with.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/stored.h"
#include "shaders/params/dtype.h"

namespace tritium::cpu {
namespace {

template <typename V, typename Stored, int kRows, int kTokens>
void dense_tile(const DenseProduct& m, int64_t row, int64_t token) {
  constexpr int64_t kLanes = V::kLanes;
  const auto* w = static_cast<const typename Stored::Value*>(m.weight) + row * m.row_stride;
  const float* x[kTokens];
  for (int t = 0; t < kTokens; ++t) x[t] = m.x + m.x_rows[token + t] * m.cols;
  typename V::F sum[kRows][kTokens] = {};
  int64_t c = 0;
  for (; c + kLanes <= m.cols; c += kLanes) {
    typename V::F in[kTokens];
    TRITIUM_UNROLL
    for (int t = 0; t < kTokens; ++t) in[t] = V::load(x[t] + c);
    TRITIUM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      // The same place of the next tile: rows are shorter than what the hardware's prefetcher needs to learn.
      if constexpr (kTokens == 1) __builtin_prefetch(w + (r + kRows) * m.row_stride + c);
      const auto weight = Stored::template load<V>(w + r * m.row_stride + c);
      TRITIUM_UNROLL
      for (int t = 0; t < kTokens; ++t) sum[r][t] = V::fma(weight, in[t], sum[r][t]);
    }
  }
  if (c < m.cols)
    for (int r = 0; r < kRows; ++r)
      for (int t = 0; t < kTokens; ++t)
        sum[r][t] = V::fma(load_stored<V, Stored>(w + r * m.row_stride + c, m.cols - c),
                           V::load_first(x[t] + c, m.cols - c), sum[r][t]);
  for (int t = 0; t < kTokens; ++t)
    for (int r = 0; r < kRows; ++r) m.y[m.y_rows[token + t] * m.rows + row + r] = lane_sum<V>(sum[r][t]);
}

template <typename V, typename Stored, int kTokens>
void dense_rows(const DenseProduct& m, int64_t first, int64_t last, int64_t token) {
  int64_t row = first;
  for (; row + 4 <= last; row += 4) dense_tile<V, Stored, 4, kTokens>(m, row, token);
  for (; row < last; ++row) dense_tile<V, Stored, 1, kTokens>(m, row, token);
}

template <typename V, typename Stored>
void dense_product(const DenseProduct& m, int64_t first, int64_t last) {
  constexpr int64_t kRowsInCache = 32;  // in L2 while all tokens pass, a few at a time, that stay in L1
  for (int64_t row = first; row < last; row += kRowsInCache) {
    const int64_t end = row + kRowsInCache < last ? row + kRowsInCache : last;
    int64_t token = 0;
    constexpr int kTokens = V::kDenseTokens;
    for (; token + kTokens <= m.n_tokens; token += kTokens) dense_rows<V, Stored, kTokens>(m, row, end, token);
    for (; token < m.n_tokens; ++token) dense_rows<V, Stored, 1>(m, row, end, token);
  }
}

template <typename V>
void dense_matmul(const DenseProduct& m, int64_t first, int64_t last) {
  if (m.dtype == TRITIUM_DTYPE_F32) return dense_product<V, StoredF32>(m, first, last);
  if (m.dtype == TRITIUM_DTYPE_F16) return dense_product<V, StoredF16>(m, first, last);
  dense_product<V, StoredBf16>(m, first, last);
}

template <typename V, typename Stored>
void copy_as_float(const typename Stored::Value* x, int64_t count, float* y) {
  for (int64_t c = 0; c < count; c += V::kLanes) {
    const int64_t n = count - c < V::kLanes ? count - c : V::kLanes;
    V::store_first(y + c, load_stored<V, Stored>(x + c, n), n);
  }
}

template <typename V>
void dense_row(const void* x, uint32_t dtype, int64_t count, float* y) {
  if (dtype == TRITIUM_DTYPE_F32) return copy_as_float<V, StoredF32>(static_cast<const float*>(x), count, y);
  const auto* halves = static_cast<const uint16_t*>(x);
  if (dtype == TRITIUM_DTYPE_F16) return copy_as_float<V, StoredF16>(halves, count, y);
  copy_as_float<V, StoredBf16>(halves, count, y);
}

}  // namespace
}  // namespace tritium::cpu
