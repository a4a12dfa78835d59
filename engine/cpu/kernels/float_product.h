// C(i, j) += sum over k of A(i, k) B(k, j) in single precision: the products of training. Lanes are columns of C. B is
// packed, a few vectors wide and kDepth rows deep, whatever it is stored as (floats, int8 codes, trits); A is read
// where it lies, one broadcast a row. An element is a float sum over k in ascending order, kDepth terms at a time, so
// it depends neither on how columns are cut nor on how many rows there are.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/dense_matmul.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/trits.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kDepth = 256;      // of B at a time: a strip stays in L1 or L2 while the rows of A pass
constexpr int kStripVectors = 3;     // columns that a tile of registers covers
constexpr int64_t kBlockStrips = 4;  // packed at a time

// A(i, k) = at[(rows ? rows[i] : i) * stride + k]
struct ByRow {
  const float* at;
  const int32_t* rows;
  int64_t stride;
  template <int kRows>
  struct Tile {
    const float* row[kRows];
    TRITIUM_INLINE float element(const Tile& t, int i, int64_t k) { return t.row[i][k]; }
  };
  template <int kRows>
  TRITIUM_INLINE Tile<kRows> tile(const ByRow& a, int64_t i, int64_t k) {
    Tile<kRows> t;
    for (int r = 0; r < kRows; ++r) t.row[r] = a.at + (a.rows ? a.rows[i + r] : i + r) * a.stride + k;
    return t;
  }
};

// A(i, k) = at[(rows ? rows[k] : k) * stride + i]
struct ByColumn {
  const float* at;
  const int32_t* rows;
  int64_t stride;
  template <int kRows>
  struct Tile {
    const float* column;
    const int32_t* rows;
    int64_t stride, first;
    TRITIUM_INLINE float element(const Tile& t, int r, int64_t k) {
      return t.column[(t.rows ? t.rows[t.first + k] : t.first + k) * t.stride + r];
    }
  };
  template <int kRows>
  TRITIUM_INLINE Tile<kRows> tile(const ByColumn& a, int64_t i, int64_t k) {
    return {a.at + i, a.rows, a.stride, k};
  }
};

// Where C goes: row i at c + (rows ? rows[i] : i) * stride.
struct Destination {
  float* c;
  const int32_t* rows;
  int64_t stride;
  bool accumulate;
  float scale;  // of the product
};

// B, row k from column j on, as `n` floats.
typedef void PackRow(const ProductOperand& b, int64_t k, int64_t j, int64_t n, float* out);

template <typename V, typename A, int kRows, int kVectors>
void product_tile(const A& a, int64_t i, int64_t k, int64_t depth, const float* strip, const Destination& to, int64_t j,
                  int64_t n, bool add) {
  const auto tile = A::template tile<kRows>(a, i, k);
  typename V::F sum[kRows][kVectors] = {};
  for (int64_t d = 0; d < depth; ++d) {
    typename V::F b[kVectors];
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) b[v] = V::load(strip + (d * kVectors + v) * V::kLanes);
    TRITIUM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const auto element = V::all(decltype(tile)::element(tile, r, d));
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[r][v] = V::fma(element, b[v], sum[r][v]);
    }
  }
  TRITIUM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* row = to.c + (to.rows ? to.rows[i + r] : i + r) * to.stride + j;
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const int64_t valid = n - v * V::kLanes;
      if (valid <= 0) break;
      const int64_t count = valid < V::kLanes ? valid : V::kLanes;
      auto value = sum[r][v] * to.scale;
      if (add) value += load_up_to<V>(row + v * V::kLanes, count);
      store_up_to<V>(row + v * V::kLanes, value, count);
    }
  }
}

template <typename V, typename A, int kVectors>
void product_rows(const A& a, int64_t first, int64_t last, int64_t k, int64_t depth, const float* strip,
                  const Destination& to, int64_t j, int64_t n, bool add) {
  constexpr int kRows = V::kProductRows;
  int64_t i = first;
  for (; i + kRows <= last; i += kRows) product_tile<V, A, kRows, kVectors>(a, i, k, depth, strip, to, j, n, add);
  if constexpr (kRows > 2)
    for (; i + 2 <= last; i += 2) product_tile<V, A, 2, kVectors>(a, i, k, depth, strip, to, j, n, add);
  for (; i < last; ++i) product_tile<V, A, 1, kVectors>(a, i, k, depth, strip, to, j, n, add);
}

// Columns [first, last) of C, counted in vectors; n columns in all; m rows, `depth` terms.
template <typename V, typename A>
void product(const A& a, int64_t m, int64_t depth, PackRow* pack, const ProductOperand& b, int64_t n,
             const Destination& to, int64_t first, int64_t last) {
  constexpr int64_t kLanes = V::kLanes;
  // Rows of A that stay in L1 while the block's strips pass.
  constexpr int64_t kRowsAtOnce = 4 * V::kProductRows;
  alignas(64) float strips[kBlockStrips][kDepth * kStripVectors * kLanes];
  int vectors[kBlockStrips];
  int64_t column[kBlockStrips];
  for (int64_t k = 0; k < depth; k += kDepth) {
    const int64_t d = depth - k < kDepth ? depth - k : kDepth;
    const bool add = to.accumulate || k > 0;
    for (int64_t next = first; next < last;) {
      int n_strips = 0;
      for (; n_strips < kBlockStrips && next < last; ++n_strips) {
        const int64_t left = last - next;
        // 4 = 2 + 2 rather than 3 + 1: a single vector waits for its own sums.
        vectors[n_strips] = static_cast<int>(left == 4 ? 2 : left < kStripVectors ? left : kStripVectors);
        column[n_strips] = next * kLanes;
        const int64_t width = vectors[n_strips] * kLanes;
        const int64_t valid = n - column[n_strips] < width ? n - column[n_strips] : width;
        for (int64_t row = 0; row < d; ++row) {
          float* out = strips[n_strips] + row * width;
          for (int64_t c = valid; c < width; ++c) out[c] = 0.0f;
          pack(b, k + row, column[n_strips], valid, out);
        }
        next += vectors[n_strips];
      }
      for (int64_t i = 0; i < m; i += kRowsAtOnce) {
        const int64_t end = i + kRowsAtOnce < m ? i + kRowsAtOnce : m;
        for (int s = 0; s < n_strips; ++s) {
          const int64_t j = column[s];
          if (vectors[s] == 3) {
            product_rows<V, A, 3>(a, i, end, k, d, strips[s], to, j, n - j, add);
          } else if (vectors[s] == 2) {
            product_rows<V, A, 2>(a, i, end, k, d, strips[s], to, j, n - j, add);
          } else {
            product_rows<V, A, 1>(a, i, end, k, d, strips[s], to, j, n - j, add);
          }
        }
      }
    }
  }
}

// The ways in which B is stored.

template <typename V>
void pack_floats(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const float* row = static_cast<const float*>(m.data) + (m.rows ? m.rows[k] : k) * m.stride + j;
  for_vectors<V>(
      0, n, [=](int64_t c, int64_t left) __attribute__((always_inline)) {
        V::store(out + c, load_up_to<V>(row + c, left));
      });
}

// B(k, j) = data[j * stride + k]: a matrix whose rows are columns of B.
template <typename V>
void pack_transposed_floats(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const float* from = static_cast<const float*>(m.data) + j * m.stride + k;
  for (int64_t c = 0; c < n; ++c) out[c] = from[c * m.stride];
}

template <typename V>
void pack_halves(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const uint16_t* row = static_cast<const uint16_t*>(m.data) + k * m.stride + j;
  dense_row<V>(row, m.dtype, n, out);
}

template <typename V>
void pack_transposed_halves(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const uint16_t* from = static_cast<const uint16_t*>(m.data) + j * m.stride + k;
  for (int64_t c = 0; c < n; ++c) {
    uint16_t lanes[V::kLanes] = {from[c * m.stride]};
    out[c] = m.dtype == TRITIUM_DTYPE_BF16 ? V::from_bf16(lanes)[0] : V::from_f16(lanes)[0];
  }
}

// int8 codes times the scale of their block.
template <typename V>
void pack_codes(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const int64_t row = m.rows ? m.rows[k] : k;
  const int8_t* q = static_cast<const int8_t*>(m.data) + row * m.stride + j;
  const float* scales = m.scales + row * m.n_scales;
  for (int64_t c = 0; c < n; ++c) out[c] = scales[(j + c) / m.scale_columns] * static_cast<float>(q[c]);
}

// Row k of packed trits times their scales. j is a multiple of the lanes; a chunk of 16 columns is one word.
template <typename V>
void pack_trits(const ProductOperand& m, int64_t k, int64_t j, int64_t n, float* out) {
  const Rows32::Place row = Rows32::in_matrix(k);
  const uint32_t* words = static_cast<const uint32_t*>(m.data) + m.layout.word(row, 0);
  const float* scales = m.scales + m.layout.scale(row, 0);
  for (int64_t c = 0; c < n; c += V::kLanes) {
    const int64_t column = j + c;
    const auto trits = trits_of<V>(words[column / kChunkColumns * kRowStride], column % kChunkColumns);
    V::store(out + c, V::to_float(trits) * scales[column / m.scale_columns * kRowStride]);
  }
}

template <typename V>
PackRow* pack_of(const ProductOperand& b) {
  switch (b.kind) {
    case OperandKind::floats: return pack_floats<V>;
    case OperandKind::transposed_floats: return pack_transposed_floats<V>;
    case OperandKind::halves: return pack_halves<V>;
    case OperandKind::transposed_halves: return pack_transposed_halves<V>;
    case OperandKind::codes: return pack_codes<V>;
    case OperandKind::trits: return pack_trits<V>;
  }
  return nullptr;
}

template <typename V>
void float_product(const FloatProduct& p, int64_t first, int64_t last) {
  const Destination to = {p.c, p.c_rows, p.c_stride, p.accumulate, 1.0f};
  if (p.a_by_column)
    return product<V>(ByColumn{p.a, p.a_rows, p.a_stride}, p.m, p.depth, pack_of<V>(p.b), p.b, p.n, to, first, last);
  product<V>(ByRow{p.a, p.a_rows, p.a_stride}, p.m, p.depth, pack_of<V>(p.b), p.b, p.n, to, first, last);
}

}  // namespace
}  // namespace tritium::cpu
