// C(i, j) += sum over k of A(i, k) B(k, j): tiles of registers and strips of B that stay in a cache. Lanes are columns
// of C. B is packed, a few vectors wide and kDepth terms deep, whatever it is stored as; A is read where it lies, one
// broadcast a row. Terms says what is multiplied: floats (float_product.h), or pairs of 16-bit integers
// (short_product.h). An element is a sum over k in ascending order, kDepth terms at a time, so it depends neither on
// how columns are cut nor on how many rows there are.
#pragma once

#include <type_traits>

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"

namespace tritium::cpu {
namespace {

constexpr int64_t kDepth = 256;      // of B at a time: a strip stays in L1 or L2 while the rows of A pass
constexpr int kStripVectors = 3;     // columns that a tile of registers covers
constexpr int64_t kBlockStrips = 4;  // packed at a time

// A's element (i, d) = at[(rows ? rows[i] : i) * stride + d]
template <typename Element>
struct ByRow {
  const Element* at;
  const int32_t* rows;
  int64_t stride;
  template <int kRows>
  struct Tile {
    const Element* row[kRows];
    TRITIUM_INLINE Element element(const Tile& t, int i, int64_t d) { return t.row[i][d]; }
  };
  template <int kRows>
  TRITIUM_INLINE Tile<kRows> tile(const ByRow& a, int64_t i, int64_t d) {
    Tile<kRows> t;
    for (int r = 0; r < kRows; ++r) t.row[r] = a.at + (a.rows ? a.rows[i + r] : i + r) * a.stride + d;
    return t;
  }
};

// A's element (i, d) = at[(rows ? rows[d] : d) * stride + i]
template <typename Element>
struct ByColumn {
  const Element* at;
  const int32_t* rows;
  int64_t stride;
};

// Some columns of a ByColumn side by side: there they are a row of the matrix apart, often each on a page of its own.
template <typename Element>
struct Panel {
  static constexpr int64_t kColumns = 16;
  const Element* at;  // [d][kColumns]
  template <int kRows>
  struct Tile {
    const Element* column;
    TRITIUM_INLINE Element element(const Tile& t, int r, int64_t d) { return t.column[d * kColumns + r]; }
  };
  template <int kRows>
  TRITIUM_INLINE Tile<kRows> tile(const Panel& a, int64_t i, int64_t) {
    return {a.at + i};
  }
};

// Columns [i, i + n) of A, `depth` elements from d on.
template <typename Element>
void pack_panel(const ByColumn<Element>& a, int64_t i, int64_t n, int64_t d, int64_t depth, Element* out) {
  for (int64_t k = d; k < d + depth; ++k, out += Panel<Element>::kColumns) {
    const Element* from = a.at + (a.rows ? a.rows[k] : k) * a.stride + i;
    if (n == Panel<Element>::kColumns)
      __builtin_memcpy(out, from, sizeof(Element) * Panel<Element>::kColumns);
    else
      __builtin_memcpy(out, from, sizeof(Element) * static_cast<size_t>(n));
  }
}

// Where C goes: row i at c + (rows ? rows[i] : i) * stride, times `scale` or, for terms from k on,
// row_scales[k / kDepth * row_scale_stride + i].
struct Destination {
  float* c;
  const int32_t* rows;
  int64_t stride;
  bool accumulate;
  float scale = 1.0f;
  const float* row_scales = nullptr;
  int64_t row_scale_stride = 0;
};

// The same from row i on.
inline Destination from_row(Destination to, int64_t i) {
  if (to.rows)
    to.rows += i;
  else
    to.c += i * to.stride;
  if (to.row_scales) to.row_scales += i;
  return to;
}

// Which part of B becomes a strip: terms k … k + depth - 1, columns j … j + n - 1, and zeros up to `width`.
struct StripPlace {
  int64_t k, depth, j, n, width;
};
template <typename Element>
using PackStrip = void(const ProductOperand& b, const StripPlace& at, Element* out);

// With pack(b, k, last, j, n, out) for the terms of one element, k … (last - 1 at most).
template <typename Terms, auto* pack>
void pack_rows(const ProductOperand& b, const StripPlace& at, typename Terms::Element* out) {
  for (int64_t term = 0; term < at.depth; term += Terms::kTerms, out += at.width) {
    for (int64_t c = at.n; c < at.width; ++c) out[c] = {};
    pack(b, at.k + term, at.k + at.depth, at.j, at.n, out);
  }
}

template <typename V, typename Terms, typename A, int kRows, int kVectors>
void product_tile(const A& a, int64_t i, int64_t k, int64_t depth, const typename Terms::Element* strip,
                  const Destination& to, int64_t j, int64_t n, bool add) {
  const auto row = [&, c = to.c + j, rows = to.rows, stride = to.stride ](int r) __attribute__((always_inline)) {
    return c + (rows ? rows[i + r] : i + r) * stride;
  };
  // C may be too large for a core's own caches: it comes while the tile is summed up.
  if constexpr (Terms::kLargeResult) {
    TRITIUM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) __builtin_prefetch(row(r) + v * V::kLanes, 1);
    }
  }
  const auto tile = A::template tile<kRows>(a, i, k / Terms::kTerms);
  typename Terms::Sum sum[kRows][kVectors] = {};
  const int64_t elements = (depth + Terms::kTerms - 1) / Terms::kTerms;
  for (int64_t d = 0; d < elements; ++d) {
    typename Terms::Sum b[kVectors];
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) b[v] = Terms::load(strip + (d * kVectors + v) * V::kLanes);
    TRITIUM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const auto element = Terms::all(decltype(tile)::element(tile, r, d));
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[r][v] = Terms::multiply_add(element, b[v], sum[r][v]);
    }
  }
  const float* scales = to.row_scales ? to.row_scales + k / kDepth * to.row_scale_stride + i : nullptr;
  const auto scale_of = [ scales, all = to.scale ](int r) __attribute__((always_inline)) {
    return scales ? scales[r] : all;
  };
  const auto write = [&](auto store) __attribute__((always_inline)) {
    TRITIUM_UNROLL
    for (int r = 0; r < kRows; ++r) {
      float* at = row(r);
      const float scale = scale_of(r);
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) store(at + v * V::kLanes, Terms::value(sum[r][v]) * scale, n - v * V::kLanes);
    }
  };
  if (n < kVectors * V::kLanes) {
    write([add](float* at, typename V::F value, int64_t valid) __attribute__((always_inline)) {
      if (valid <= 0) return;
      const int64_t count = valid < V::kLanes ? valid : V::kLanes;
      if (add) value += load_up_to<V>(at, count);
      store_up_to<V>(at, value, count);
    });
  } else if (add) {
    write([](float* at, typename V::F value, int64_t)
              __attribute__((always_inline)) { V::store(at, V::load(at) + value); });
  } else {
    write([](float* at, typename V::F value, int64_t) __attribute__((always_inline)) { V::store(at, value); });
  }
}

template <typename V, typename Terms, typename A, int kVectors>
void product_rows(const A& a, int64_t first, int64_t last, int64_t k, int64_t depth,
                  const typename Terms::Element* strip, const Destination& to, int64_t j, int64_t n, bool add) {
  constexpr int kRows = V::kProductRows;
  int64_t i = first;
  for (; i + kRows <= last; i += kRows)
    product_tile<V, Terms, A, kRows, kVectors>(a, i, k, depth, strip, to, j, n, add);
  if constexpr (kRows > 2)
    for (; i + 2 <= last; i += 2) product_tile<V, Terms, A, 2, kVectors>(a, i, k, depth, strip, to, j, n, add);
  for (; i < last; ++i) product_tile<V, Terms, A, 1, kVectors>(a, i, k, depth, strip, to, j, n, add);
}

// Columns [first, last) of C, counted in vectors; n columns in all; m rows, `depth` terms.
template <typename V, typename Terms, typename A>
void product(const A& a, int64_t m, int64_t depth, PackStrip<typename Terms::Element>* pack, const ProductOperand& b,
             int64_t n, const Destination& to, int64_t first, int64_t last) {
  constexpr int64_t kLanes = V::kLanes;
  typedef Panel<typename Terms::Element> Columns;
  constexpr bool kByColumn = std::is_same_v<A, ByColumn<typename Terms::Element>>;
  // Rows of A that stay in L1 while the block's strips pass.
  constexpr int64_t kRowsAtOnce = kByColumn ? Columns::kColumns : 4 * V::kProductRows;
  alignas(64) typename Terms::Element panel[kByColumn ? kDepth / Terms::kTerms * Columns::kColumns : 1];
  alignas(64) typename Terms::Element strips[kBlockStrips][kDepth / Terms::kTerms * kStripVectors * kLanes];
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
        pack(b, {k, d, column[n_strips], valid, width}, strips[n_strips]);
        next += vectors[n_strips];
      }
      for (int64_t i = 0; i < m; i += kRowsAtOnce) {
        const int64_t end = i + kRowsAtOnce < m ? i + kRowsAtOnce : m;
        const auto all_strips = [&](const auto& rows_of_a, int64_t first_row, const Destination& rows_of_c) {
          for (int s = 0; s < n_strips; ++s) {
            const int64_t j = column[s];
            const auto rows = [&](auto width) __attribute__((always_inline)) {
              product_rows<V, Terms, std::decay_t<decltype(rows_of_a)>, decltype(width)::value>(
                  rows_of_a, first_row, first_row + end - i, k, d, strips[s], rows_of_c, j, n - j, add);
            };
            if (vectors[s] == 3) rows(std::integral_constant<int, 3>());
            if (vectors[s] == 2) rows(std::integral_constant<int, 2>());
            if (vectors[s] == 1) rows(std::integral_constant<int, 1>());
          }
        };
        if constexpr (kByColumn) {
          pack_panel(a, i, end - i, k / Terms::kTerms, (d + Terms::kTerms - 1) / Terms::kTerms, panel);
          all_strips(Columns{panel}, 0, from_row(to, i));
        } else {
          all_strips(a, i, to);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
