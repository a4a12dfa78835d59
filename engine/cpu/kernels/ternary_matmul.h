// y = x W^T, int8 activations times 2-bit codes, a block of weight rows by up to V::kPanelTokens activation rows at a
// time.
//
// Lanes are weight rows. A word of codes AND 0x03 (shifted right by 0, 2, 4, 6) is 4 unsigned bytes, the
// codes of columns p, p + 4, p + 8, p + 12 of a chunk, multiplied with the same 4 columns of the activations,
// which are packed in that order and broadcast. Codes are trits + 1, so the sum of the activations is
// subtracted once a segment.
//
// Bytes and operations of one row of activations: rows * cols / 4 bytes of weights, 4 AND + 4 dot products
// for 256 of them; memory is the limit. With 12 rows the decoding (14 instructions a chunk of 32 rows) feeds
// 96 dot products.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/accumulate_segment.h"
#include "cpu/kernels/base3.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/ternary_matmul_f32.h"
#include "cpu/kernels/ternary_pairs.h"

namespace tritium::cpu {
namespace {

// The scales of a panel: (n_blocks, w).
TRITIUM_INLINE void pack_scales(const TernaryActivations& a, int64_t first, int64_t last) {
  const int64_t width = last - first;
  float* scales = a.packed_scales + first * a.n_blocks;
  for (int64_t t = 0; t < width; ++t)
    for (int64_t b = 0; b < a.n_blocks; ++b) scales[b * width + t] = a.scales[a.q_rows[first + t] * a.n_blocks + b];
}

// A panel of w rows: (chunks, planes, w, 4 bytes), or (pairs of chunks, planes, w, 2, 4 bytes), and the sums of its
// segments: (segments, w).
template <typename V>
void pack_activations(const TernaryActivations& a, int64_t, int64_t first, int64_t last) {
  const int64_t width = last - first;
  const int64_t n_segments = a.chunks / a.segment_chunks;
  const int64_t cols = a.chunks * kChunkColumns;
  constexpr int64_t kStep = V::kPairs ? 2 : 1;  // chunks
  const int64_t used_chunks = (a.used_chunks + kStep - 1) / kStep * kStep;
  int8_t* packed = a.packed + first * a.chunks * V::kPlanes * 4;
  int32_t* sums = a.sums + first * n_segments;
  for (int64_t t = 0; t < width; ++t) {
    const int8_t* q = a.q + a.q_rows[first + t] * cols;
    // Rows of an expert lie apart: hardware would not fetch the next one.
    const int8_t* next = a.q + a.q_rows[first + (t + 1 < width ? t + 1 : t)] * cols;
    for (int64_t c = 0; c < used_chunks; ++c) {
      if (c % 4 == 0) __builtin_prefetch(next + c * kChunkColumns);
      int8_t planes[4 * V::kPlanes];
      V::pack_chunk(q + c * kChunkColumns, planes);
      int8_t* to = packed + ((c / kStep * V::kPlanes * width + t) * kStep + c % kStep) * 4;
      TRITIUM_UNROLL
      for (int p = 0; p < V::kPlanes; ++p) __builtin_memcpy(to + 4 * p * width * kStep, planes + 4 * p, 4);
    }
    const int64_t segment = a.segment_chunks * kChunkColumns;
    for (int64_t s = 0; s < n_segments; ++s) {
      int32_t sum = 0;
      for (int64_t c = 0; c < segment; ++c) sum += q[s * segment + c];
      sums[s * width + t] = sum;
    }
  }
  pack_scales(a, first, last);
}

// The codes of some rows dotted with kTokens rows of activations over `chunks` chunks. Not inlined, so that
// the sums of the inner loop have the registers for themselves.
template <typename V, int kTokens>
[[gnu::noinline]] void sum_codes(const uint32_t* words, const FetchAhead& fetch, int64_t word, const int8_t* x,
                                 int64_t chunks, typename V::I* total) {
  constexpr int kVectors = V::vectors_of(kTokens);
  // With registers to spare, there are several sums: sum s takes planes s, s + kSums, … with their codes left at bit
  // 2 s of a byte, which saves shifts, and is shifted right once, at the end; that is exact, since every term is a
  // multiple of 4^s.
  constexpr int kSums = V::sums_of(kTokens);
  for (int64_t first = 0; first < chunks; first += V::kMaxChunks) {
    const int64_t last = first + V::kMaxChunks < chunks ? first + V::kMaxChunks : chunks;
    typename V::Sum sums[kVectors][kTokens][kSums] = {};
    for (int64_t c = first; c < last; ++c) {
      const uint32_t* chunk = words + c * kRowStride;
      const int64_t ahead = fetch.at(word + c);
      typename V::U w[kVectors];
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        fetch_vector<V>(chunk, v, ahead);
        w[v] = V::load(chunk + v * V::kLanes);
      }
      TRITIUM_UNROLL
      for (int p = 0; p < V::kPlanes; ++p) {
        typename V::U codes[kVectors];
        TRITIUM_UNROLL
        for (int v = 0; v < kVectors; ++v) codes[v] = V::plane(w[v], p, p % kSums);
        const auto factors = V::template factors<kTokens>(x + (c * V::kPlanes + p) * kTokens * 4);
        TRITIUM_UNROLL
        for (int t = 0; t < kTokens; ++t) {
          const auto factor = V::factor(factors, t);
          TRITIUM_UNROLL
          for (int v = 0; v < kVectors; ++v) {
            auto& sum = sums[v][t][p % kSums];
            sum = V::dot(sum, codes[v], factor);
          }
        }
      }
    }
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      TRITIUM_UNROLL
      for (int t = 0; t < kTokens; ++t) {
        auto sum = first > 0 ? total[v * kTokens + t] : typename V::I{};
        TRITIUM_UNROLL
        for (int s = 0; s < kSums; ++s) sum += V::widen(sums[v][t][s]) >> (2 * s);
        total[v * kTokens + t] = sum;
      }
    }
  }
}

// Whether a tile takes base3 as it is; else it is expanded.
template <typename V, int kTokens>
TRITIUM_INLINE bool decodes_base3(const TernaryProduct& m) {
  return V::kBase3 && kTokens <= kBase3Tokens && is_base3(m) && m.segment_chunks % kUnitChunks == 0;
}

// The lines of y that a tile writes when its sums are known: rows of an expert lie apart.
template <typename V, int kTokens>
TRITIUM_INLINE void fetch_outputs(const TernaryProduct& m, int64_t row, int64_t token) {
  if constexpr (kTokens > 2)
    for (int t = 0; t < kTokens; ++t) {
      const float* y = m.y + m.y_rows[token + t] * m.layout.rows + row;
      for (int64_t i = 0; i < V::vectors_of(kTokens) * V::kLanes; i += 16) __builtin_prefetch(y + i, 1);
    }
}

// Block `block` of the weight by the panel of kTokens rows that starts at packed row `token`.
template <typename V, int kTokens>
void ternary_tile(const TernaryProduct& m, int64_t block, int64_t token) {
  constexpr int kVectors = V::vectors_of(kTokens);
  constexpr int64_t kLanes = V::kLanes;
  const int64_t chunks = m.layout.chunks, rows = m.layout.rows;
  const FetchAhead fetch = fetch_ahead(m, block, kFetchAhead);
  const int64_t n_segments = chunks / m.segment_chunks;
  const int64_t used_segments = (m.used_chunks + m.segment_chunks - 1) / m.segment_chunks;
  const int8_t* x = m.packed + token * chunks * V::kPlanes * 4;
  const int32_t* x_sums = m.sums + token * n_segments;
  const float* x_scales = m.packed_scales + token * (chunks / m.block_chunks);
  float* const to = m.y;
  const int32_t* const y_rows = m.y_rows + token;
  for (int64_t lane = 0; lane < kBlockRows; lane += kVectors * kLanes) {
    const int64_t row = block * kBlockRows + lane;
    if (row >= rows) return;
    fetch_scales(m, block);
    fetch_outputs<V, kTokens>(m, row, token);
    typename V::F y[kVectors * kTokens];
    for (int64_t s = 0; s < used_segments; ++s) {
      const int64_t chunk = s * m.segment_chunks;
      typename V::I total[kVectors * kTokens];
      const int8_t* factors = x + chunk * V::kPlanes * kTokens * 4;
      const int64_t used = m.used_chunks - chunk < m.segment_chunks ? m.used_chunks - chunk : m.segment_chunks;
      if (decodes_base3<V, kTokens>(m))
        sum_base3<V, kTokens>(m.trits.at({block, lane}, base3_words(chunk)), fetch, base3_words(chunk), factors,
                              m.segment_chunks / kUnitChunks, total);
      else if constexpr (V::kPairs)
        sum_pairs<V, kTokens>(m.trits.at({block, lane}, chunk), fetch, chunk, factors, used, total);
      else
        sum_codes<V, kTokens>(m.trits.at({block, lane}, chunk), fetch, chunk, factors, used, total);
      const float* w_scales = m.weight_scales + m.layout.scale({block, lane}, chunk / m.group_chunks);
      const float* scales = x_scales + chunk / m.block_chunks * kTokens;
      const bool is_last = s + 1 == used_segments;
      for (int v = 0; v < kVectors; ++v) {
        const auto w_scale = V::load(w_scales + v * kLanes);
        const int64_t start = row + v * kLanes, valid = rows - start;
        for (int t = 0; t < kTokens; ++t) {
          auto sum = s == 0 ? typename V::F{} : y[v * kTokens + t];
          accumulate_segment<V>(sum, w_scale, scales[t], total[v * kTokens + t] - x_sums[s * kTokens + t]);
          if (!is_last)
            y[v * kTokens + t] = sum;
          else if (valid >= kLanes)
            V::store(to + y_rows[t] * rows + start, sum);
          else if (valid > 0)
            store_up_to<V>(to + y_rows[t] * rows + start, sum, valid);
        }
      }
    }
  }
}

// The tile of the width that a panel has.
template <typename V, int kTokens = V::kPanelTokens>
void ternary_tile_of_width(const TernaryProduct& m, int64_t block, int64_t token, int64_t width) {
  if (width == kTokens) return ternary_tile<V, kTokens>(m, block, token);
  if constexpr (kTokens > 1) ternary_tile_of_width<V, kTokens - 1>(m, block, token, width);
}

// A block of weights meets all panels before the next one: it comes from memory once.
template <typename V>
void ternary_block(const TernaryProduct& m, int64_t block) {
  for (int64_t token = 0; token < m.n_tokens; token += V::kPanelTokens) {
    const int64_t left = m.n_tokens - token;
    ternary_tile_of_width<V>(m, block, token, left < V::kPanelTokens ? left : V::kPanelTokens);
  }
}

template <typename V>
void ternary_matmul(const TernaryProduct& m, int64_t first, int64_t last) {
  if (is_base3(m) && (m.n_tokens > kBase3Tokens || m.segment_chunks % kUnitChunks != 0))
    return expand_blocks<V>(m, first, last, ternary_block<V>);
  for (int64_t block = first; block < last; ++block) ternary_block<V>(m, block);
}

template <typename V>
constexpr TernaryKernels ternary_kernels() {
  return {.base3 = V::kBase3,
          .panel_tokens = [](int64_t, int64_t) -> int64_t { return V::kPanelTokens; },
          .packed_chunk_bytes = 4 * V::kPlanes,
          .pack_activations = pack_activations<V>,
          .ternary_matmul = ternary_matmul<V>,
          .ternary_matmul_f32 = ternary_matmul_f32<V>};
}

// One row has no other to be paired with, and chunks of a segment of an odd number of them (which no file has) neither.
TRITIUM_INLINE bool takes_pairs(int64_t rows, int64_t segment_chunks) { return rows > 1 && segment_chunks % 2 == 0; }

// The family: Pairs, a trait with kPairs, where rows can be paired, V elsewhere.
template <typename Pairs, typename V>
constexpr TernaryKernels paired_kernels() {
  static_assert(Pairs::kPlanes == V::kPlanes);
  TernaryKernels kernels = ternary_kernels<V>();
  kernels.panel_tokens = [](int64_t rows, int64_t segment_chunks) -> int64_t {
    return takes_pairs(rows, segment_chunks) ? Pairs::kPanelTokens : V::kPanelTokens;
  };
  kernels.pack_activations = [](const TernaryActivations& a, int64_t rows, int64_t first, int64_t last) {
    (takes_pairs(rows, a.segment_chunks) ? pack_activations<Pairs> : pack_activations<V>)(a, rows, first, last);
  };
  kernels.ternary_matmul = [](const TernaryProduct& m, int64_t first, int64_t last) {
    (takes_pairs(m.n_tokens, m.segment_chunks) ? ternary_matmul<Pairs> : ternary_matmul<V>)(m, first, last);
  };
  return kernels;
}

}  // namespace
}  // namespace tritium::cpu
