// C = or += A B where A is a gradient, rounded to 16 bits, and B trits or int8 codes, whose scales are in A: pairs of
// 16-bit products, summed exactly in 32 bits. At twice the products of an instruction for floats, an element of A errs
// by 2^-16 of the largest that it shares a scale with: of its row of dY for dX = dY W, of its column among kShortTerms
// rows for dW = dY^T X.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/matrix_product.h"
#include "cpu/kernels/trits.h"

namespace tritium::cpu {
namespace {

static_assert(kShortTerms == kDepth);
constexpr float kSmallestShort = 1e-34f;  // 32767 / m stays finite

template <typename V>
struct ShortTerms {
  typedef int32_t Element;
  typedef typename V::I Sum;
  static constexpr int kTerms = 2;
  static constexpr bool kLargeResult = true;
  TRITIUM_INLINE Sum load(const int32_t* from) { return V::template load_as<Sum>(from); }
  TRITIUM_INLINE Sum all(int32_t a) { return V::all_int(a); }
  TRITIUM_INLINE Sum multiply_add(Sum a, Sum b, Sum sum) { return V::dot_pairs(sum, a, b); }
  TRITIUM_INLINE typename V::F value(Sum sum) { return V::to_float(sum); }
};

// Magnitudes are ordered as their bits are, and those of a NaN are the largest.
template <typename V>
TRITIUM_INLINE typename V::I larger_magnitude(typename V::I bits, typename V::F x) {
  const auto more = reinterpret_cast<typename V::I>(V::magnitude(x));
  return more > bits ? more : bits;
}

TRITIUM_INLINE float short_scale(float largest) {
  if (!(largest <= 3.402823466e38f)) return __builtin_nanf("");
  return largest < kSmallestShort ? 0.0f : largest * (1.0f / 32767.0f);
}
TRITIUM_INLINE float short_inverse(float largest) {
  return largest >= kSmallestShort && largest <= 3.402823466e38f ? 32767.0f / largest : 0.0f;
}

// To nearest even, in the low half of a lane: of 1.5 * 2^23 + x. A quotient's last bit may make it 32768, so it is cut.
template <typename V>
TRITIUM_INLINE typename V::U rounded(typename V::F scaled) {
  const auto within = V::max(V::min(scaled, V::all(32767.0f)), V::all(-32767.0f));
  return V::float_to_bits(within + 12582912.0f) & 0xFFFFu;
}

template <typename V>
void round_rows(const ShortRows& a, int64_t first, int64_t last) {
  constexpr int64_t kFactors = 32;
  const int64_t n_pairs = (a.n + 1) / 2;
  for (int64_t row = first; row < last; ++row) {
    const float* x = a.x + a.x_rows[row] * a.n;
    uint16_t* to = reinterpret_cast<uint16_t*>(a.pairs + row * n_pairs);
    const auto term = [&](int64_t c, int64_t n) __attribute__((always_inline)) {
      return load_up_to<V>(x + c, n) * load_up_to<V>(a.factors + c / kFactors * a.factor_stride + c % kFactors, n);
    };
    // Rows of an expert lie apart: hardware would not fetch the next one.
    const float* next = a.x + a.x_rows[row + 1 < last ? row + 1 : row] * a.n;
    typename V::I bits = {};
    for_vectors<V>(
        0, a.n, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          __builtin_prefetch(next + c);
          bits = larger_magnitude<V>(bits, term(c, n));
        });
    const float most = __builtin_bit_cast(float, largest<V>(bits));
    a.scales[row] = short_scale(most);
    const float inverse = short_inverse(most);
    for_vectors<V>(
        0, a.n, [&](int64_t c, int64_t n) __attribute__((always_inline)) {
          const auto halves = __builtin_convertvector(rounded<V>(term(c, n) * inverse), typename V::U16);
          __builtin_memcpy(to + c, &halves, 2 * static_cast<size_t>(n));
        });
    if (a.n % 2 == 1) to[a.n] = 0;
  }
}

// Vectors of columns [first, last), rows first_row …: a scale each, and the pairs of rows.
template <typename V, int kVectors, bool kWhole>
void round_column_block(const ShortColumns& a, int64_t first_row, int64_t rows, int64_t column) {
  const float* x[kShortTerms];
  float factors[kShortTerms];
  for (int64_t r = 0; r < rows; ++r) {
    x[r] = a.x + a.x_rows[first_row + r] * a.n + column;
    factors[r] = a.factors[a.factor_rows[first_row + r] * a.factor_stride];
  }
  typename V::F inverse[kVectors];
  const auto count = [&](int v) __attribute__((always_inline)) {
    if constexpr (kWhole) return static_cast<int64_t>(V::kLanes);
    const int64_t left = a.n - column - v * V::kLanes;
    return left < 0 ? 0 : left < V::kLanes ? left : V::kLanes;
  };
  constexpr int64_t kAhead = 12;  // rows lie apart
  typename V::I bits[kVectors] = {};
  for (int64_t r = 0; r < rows; ++r) {
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      __builtin_prefetch(x[r + kAhead < rows ? r + kAhead : r] + v * V::kLanes);
      bits[v] = larger_magnitude<V>(bits[v], load_up_to<V>(x[r] + v * V::kLanes, count(v)) * factors[r]);
    }
  }
  float* scales = a.scales + first_row / kShortTerms * a.n + column;
  for (int v = 0; v < kVectors; ++v) {
    const auto largest = reinterpret_cast<typename V::F>(bits[v]);
    const auto finite = largest <= 3.402823466e38f;
    const auto counts = finite & (largest >= kSmallestShort);
    inverse[v] = counts ? 32767.0f / largest : typename V::F{};
    const auto scale = counts ? largest * (1.0f / 32767.0f) : finite ? typename V::F{} : V::all(__builtin_nanf(""));
    store_up_to<V>(scales + v * V::kLanes, scale, count(v));
  }
  float* pairs = reinterpret_cast<float*>(a.pairs + first_row / 2 * a.n + column);
  for (int64_t r = 0; r < rows; r += 2, pairs += a.n) {
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const auto at = [&](int64_t row) __attribute__((always_inline)) {
        return rounded<V>(load_up_to<V>(x[row] + v * V::kLanes, count(v)) * factors[row] * inverse[v]);
      };
      const auto low = at(r);
      const auto pair = r + 1 < rows ? low | at(r + 1) << 16 : low;
      store_up_to<V>(pairs + v * V::kLanes, V::bits_to_float(pair), count(v));
    }
  }
}

template <typename V>
void round_columns(const ShortColumns& a, int64_t first, int64_t last) {
  for (int64_t row = 0; row < a.n_rows; row += kShortTerms) {
    const int64_t rows = a.n_rows - row < kShortTerms ? a.n_rows - row : kShortTerms;
    int64_t v = first;
    for (; v + 4 <= last && (v + 4) * V::kLanes <= a.n; v += 4)
      round_column_block<V, 4, true>(a, row, rows, v * V::kLanes);
    for (; v < last; ++v) round_column_block<V, 1, false>(a, row, rows, v * V::kLanes);
  }
}

template <typename V>
TRITIUM_INLINE void store_pair(int32_t* out, typename V::I low, typename V::I high, int64_t n) {
  const auto pair = (low & 0xFFFF) | high << 16;
  __builtin_memcpy(out, &pair, 4 * static_cast<size_t>(n));
}

template <typename V>
void pack_code_pairs(const ProductOperand& m, int64_t k, int64_t last, int64_t j, int64_t n, int32_t* out) {
  const auto row = [&](int64_t term) __attribute__((always_inline)) {
    return static_cast<const int8_t*>(m.data) + (m.rows ? m.rows[term] : term) * m.stride + j;
  };
  const int8_t *low = row(k), *high = k + 1 < last ? row(k + 1) : nullptr;
  constexpr int64_t kAhead = 16;
  if (k + kAhead + 1 < last) __builtin_prefetch(row(k + kAhead)), __builtin_prefetch(row(k + kAhead + 1));
  for_vectors<V>(
      0, n, [=](int64_t c, int64_t left) __attribute__((always_inline)) {
        const auto above = high ? load_codes<V>(high + c, left) : typename V::I{};
        store_pair<V>(out + c, load_codes<V>(low + c, left), above, left);
      });
}

// j is a multiple of the lanes; a chunk of 16 columns is one word. What lies beyond the last term meets a 0 of A.
template <typename V>
void pack_trit_pairs(const ProductOperand& m, int64_t k, int64_t last, int64_t j, int64_t n, int32_t* out) {
  const auto words = [&](int64_t term) __attribute__((always_inline)) {
    return static_cast<const uint32_t*>(m.data) + m.layout.word(Rows32::in_matrix(term), 0);
  };
  const uint32_t *low = words(k), *high = k + 1 < last ? words(k + 1) : low;
  for_vectors<V>(
      0, n, [=](int64_t c, int64_t left) __attribute__((always_inline)) {
        const int64_t word = (j + c) / kChunkColumns * kRowStride, first = (j + c) % kChunkColumns;
        store_pair<V>(out + c, trits_of<V>(low[word], first), trits_of<V>(high[word], first), left);
      });
}

template <typename V>
void short_product(const ShortProduct& p, int64_t first, int64_t last) {
  const Destination to = {.c = p.c,
                          .rows = p.c_rows,
                          .stride = p.c_stride,
                          .accumulate = p.accumulate,
                          .row_scales = p.a_scales,
                          .row_scale_stride = p.a_scale_stride};
  PackStrip<int32_t>* pack = p.b.kind == OperandKind::codes ? pack_rows<ShortTerms<V>, pack_code_pairs<V>>
                                                            : pack_rows<ShortTerms<V>, pack_trit_pairs<V>>;
  const auto columns = [&](const auto& a) {
    product<V, ShortTerms<V>>(a, p.m, p.depth, pack, p.b, p.n, to, first, last);
  };
  if (p.a_by_column) return columns(ByColumn<int32_t>{p.a, nullptr, p.a_stride});
  columns(ByRow<int32_t>{p.a, nullptr, p.a_stride});
}

}  // namespace
}  // namespace tritium::cpu
