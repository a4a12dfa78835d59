// C = or += A B in single precision: the products of training. B is packed as floats, whatever it is stored as (floats,
// halves, int8 codes, trits).
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/dense_matmul.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/matrix_product.h"
#include "cpu/kernels/trits.h"

namespace tritium::cpu {
namespace {

template <typename V>
struct FloatTerms {
  typedef float Element;
  typedef typename V::F Sum;
  static constexpr int kTerms = 1;
  static constexpr bool kLargeResult = false;  // attention's are in L1
  TRITIUM_INLINE Sum load(const float* from) { return V::load(from); }
  TRITIUM_INLINE Sum all(float a) { return V::all(a); }
  TRITIUM_INLINE Sum multiply_add(Sum a, Sum b, Sum sum) { return V::fma(a, b, sum); }
  TRITIUM_INLINE Sum value(Sum sum) { return sum; }
};

// The ways in which B is stored.

template <typename V>
void pack_floats(const ProductOperand& m, int64_t k, int64_t, int64_t j, int64_t n, float* out) {
  const float* row = static_cast<const float*>(m.data) + (m.rows ? m.rows[k] : k) * m.stride + j;
  for_vectors<V>(
      0, n, [=](int64_t c, int64_t left) __attribute__((always_inline)) {
        V::store(out + c, load_up_to<V>(row + c, left));
      });
}

// B(k, j) = data[j * stride + k]: a matrix whose rows are columns of B. Squares of vectors are transposed.
template <typename V>
void pack_transposed_floats(const ProductOperand& m, const StripPlace& at, float* out) {
  const float* from = static_cast<const float*>(m.data) + at.j * m.stride + at.k;
  for (int64_t c = 0; c < at.width; c += V::kLanes)
    for (int64_t term = 0; term < at.depth; term += V::kLanes) {
      const int64_t terms = at.depth - term < V::kLanes ? at.depth - term : V::kLanes;
      typename V::F square[V::kLanes];
      TRITIUM_UNROLL
      for (int i = 0; i < V::kLanes; ++i)
        square[i] = c + i < at.n ? load_up_to<V>(from + (c + i) * m.stride + term, terms) : typename V::F{};
      transpose<V>(square);
      TRITIUM_UNROLL
      for (int i = 0; i < V::kLanes; ++i)
        if (i < terms) V::store(out + (term + i) * at.width + c, square[i]);
    }
}

template <typename V>
void pack_halves(const ProductOperand& m, int64_t k, int64_t, int64_t j, int64_t n, float* out) {
  const uint16_t* row = static_cast<const uint16_t*>(m.data) + k * m.stride + j;
  dense_row<V>(row, m.dtype, n, out);
}

template <typename V>
void pack_transposed_halves(const ProductOperand& m, int64_t k, int64_t, int64_t j, int64_t n, float* out) {
  const uint16_t* from = static_cast<const uint16_t*>(m.data) + j * m.stride + k;
  for (int64_t c = 0; c < n; ++c) {
    uint16_t lanes[V::kLanes] = {from[c * m.stride]};
    out[c] = m.dtype == TRITIUM_DTYPE_BF16 ? V::from_bf16(lanes)[0] : V::from_f16(lanes)[0];
  }
}

// int8 codes times the scale of their block, which is a multiple of the lanes.
template <typename V>
void pack_codes(const ProductOperand& m, int64_t k, int64_t, int64_t j, int64_t n, float* out) {
  const int64_t row = m.rows ? m.rows[k] : k;
  const int8_t* q = static_cast<const int8_t*>(m.data) + row * m.stride + j;
  const float* scales = m.scales + row * m.n_scales;
  for_vectors<V>(
      0, n, [=](int64_t c, int64_t left) __attribute__((always_inline)) {
        const auto scaled = scales[(j + c) / m.scale_columns] * V::to_float(load_codes<V>(q + c, left));
        V::store(out + c, scaled);
      });
}

// Row k of packed trits times their scales. j is a multiple of the lanes; a chunk of 16 columns is one word.
template <typename V>
void pack_trits(const ProductOperand& m, int64_t k, int64_t, int64_t j, int64_t n, float* out) {
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
PackStrip<float>* pack_of(const ProductOperand& b) {
  typedef FloatTerms<V> Terms;
  switch (b.kind) {
    case OperandKind::floats: return pack_rows<Terms, pack_floats<V>>;
    case OperandKind::transposed_floats: return pack_transposed_floats<V>;
    case OperandKind::halves: return pack_rows<Terms, pack_halves<V>>;
    case OperandKind::transposed_halves: return pack_rows<Terms, pack_transposed_halves<V>>;
    case OperandKind::codes: return pack_rows<Terms, pack_codes<V>>;
    case OperandKind::trits: return pack_rows<Terms, pack_trits<V>>;
  }
  return nullptr;
}

template <typename V>
void float_product(const FloatProduct& p, int64_t first, int64_t last) {
  const Destination to = {.c = p.c, .rows = p.c_rows, .stride = p.c_stride, .accumulate = p.accumulate};
  const auto columns = [&](const auto& a) {
    product<V, FloatTerms<V>>(a, p.m, p.depth, pack_of<V>(p.b), p.b, p.n, to, first, last);
  };
  if (p.a_by_column) return columns(ByColumn<float>{p.a, p.a_rows, p.a_stride});
  columns(ByRow<float>{p.a, p.a_rows, p.a_stride});
}

}  // namespace
}  // namespace tritium::cpu
