// y = x W^T, float activations times 2-bit codes. Lanes are weight rows; a decoded column serves up to 4 activation
// rows. The sum over a weight group is scaled once: float sums over columns, in order, then over groups.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/base3.h"

namespace tritium::cpu {
namespace {

template <typename V>
TRITIUM_INLINE typename V::F trits_at(typename V::U words, int64_t column) {
  return V::to_float(reinterpret_cast<typename V::I>(words >> static_cast<uint32_t>(2 * column) & 3u) - 1);
}

template <typename V, int kTokens>
void ternary_float_tile(const TernaryFloatProduct& m, int64_t block, int64_t token) {
  constexpr int kVectors = 2;
  const int64_t group = m.group_chunks * kChunkColumns;
  const int64_t rows = m.layout.rows;
  const float* x[kTokens];
  for (int t = 0; t < kTokens; ++t) x[t] = m.x + m.x_rows[token + t] * m.cols;
  for (int64_t lane = 0; lane < kBlockRows; lane += kVectors * V::kLanes) {
    const int64_t row = block * kBlockRows + lane;
    if (row >= rows) return;
    typename V::F y[kVectors][kTokens] = {};
    for (int64_t start = 0; start < m.cols; start += group) {
      const int64_t end = start + group < m.cols ? start + group : m.cols;
      typename V::F sum[kVectors][kTokens] = {};
      for (int64_t column = start; column < end; column += kChunkColumns) {
        const uint32_t* words = m.trits.at({block, lane}, column / kChunkColumns);
        const int64_t n = end - column < kChunkColumns ? end - column : kChunkColumns;
        typename V::U w[kVectors];
        TRITIUM_UNROLL
        for (int v = 0; v < kVectors; ++v) w[v] = V::load(words + v * V::kLanes);
        for (int64_t i = 0; i < n; ++i) {
          TRITIUM_UNROLL
          for (int v = 0; v < kVectors; ++v) {
            const auto trits = trits_at<V>(w[v], i);
            TRITIUM_UNROLL
            for (int t = 0; t < kTokens; ++t) sum[v][t] = V::fma(trits, V::all(x[t][column + i]), sum[v][t]);
          }
        }
      }
      const float* scales = m.weight_scales + m.layout.scale({block, lane}, start / group);
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        TRITIUM_UNROLL
        for (int t = 0; t < kTokens; ++t) y[v][t] = V::fma(V::load(scales + v * V::kLanes), sum[v][t], y[v][t]);
      }
    }
    for (int v = 0; v < kVectors; ++v)
      for (int t = 0; t < kTokens; ++t) {
        const int64_t valid = rows - (row + v * V::kLanes);
        if (valid > 0)
          V::store_first(m.y + m.y_rows[token + t] * rows + row + v * V::kLanes, y[v][t],
                         valid < V::kLanes ? valid : V::kLanes);
      }
  }
}

template <typename V>
void ternary_float_block(const TernaryFloatProduct& m, int64_t block) {
  int64_t token = 0;
  for (; token + 4 <= m.n_tokens; token += 4) ternary_float_tile<V, 4>(m, block, token);
  for (; token < m.n_tokens; ++token) ternary_float_tile<V, 1>(m, block, token);
}

template <typename V>
void ternary_matmul_f32(const TernaryFloatProduct& m, int64_t first, int64_t last) {
  if (is_base3(m)) return expand_blocks<V>(m, first, last, ternary_float_block<V>);
  for (int64_t block = first; block < last; ++block) ternary_float_block<V>(m, block);
}

}  // namespace
}  // namespace tritium::cpu
