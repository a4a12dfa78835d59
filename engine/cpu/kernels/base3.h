// Products with trits in base3 (layout/base3.h). For one or two rows of activations, words are decoded in registers:
// per 64 bytes of them three permutations of bytes beside the loads and products of 320 weights. For more, a block is
// expanded to rows32 first, in the L1 or L2 cache, and met by all of them from there.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/layout/base3.h"

namespace tritium::cpu {
namespace {

// The tables from which V decodes a vector of words: V::codes_of, V::fifths_of.
struct Base3Tables {
  alignas(64) uint8_t codes[256];
  alignas(64) uint8_t fifths[64];
  constexpr Base3Tables() : codes(), fifths() {
    for (int byte = 0; byte < 256; ++byte) codes[byte] = codes_of_base3(byte);
    for (int quarter = 0; quarter < 64; ++quarter) fifths[quarter] = fifth_of_base3(quarter);
  }
};
constexpr Base3Tables kBase3Tables;

// Units of a block of 32 rows as rows32 has them.
template <typename V>
[[gnu::noinline]] void expand_base3(const uint32_t* words, int64_t units, uint32_t* chunks) {
  const auto tables = V::load_base3(kBase3Tables.codes, kBase3Tables.fifths);
  for (int64_t unit = 0; unit < units; ++unit) {
    for (int64_t five = 0; five < kFives; ++five, words += 4 * kRowStride, chunks += 5 * kRowStride) TRITIUM_UNROLL
    for (int64_t lane = 0; lane < kBlockRows; lane += V::kLanes) {
      typename V::U last = {};
      TRITIUM_UNROLL
      for (int i = 0; i < 4; ++i) {
        const auto w = V::load(words + i * kRowStride + lane);
        V::store(chunks + i * kRowStride + lane, V::codes_of(w, tables));
        last |= V::fifths_of(w, tables) << (2 * i);
      }
      V::store(chunks + 4 * kRowStride + lane, last);
    }
    __builtin_memcpy(chunks, words, sizeof(uint32_t) * kRowStride);
    words += kRowStride, chunks += kRowStride;
  }
}

TRITIUM_INLINE bool is_base3(const auto& product) { return product.trits.row_words != product.layout.chunks; }

// compute(product, block) for blocks first … last - 1, each expanded.
template <typename V, typename Product, typename Compute>
TRITIUM_INLINE void expand_blocks(const Product& m, int64_t first, int64_t last, Compute compute) {
  if constexpr (V::kBase3) {
    alignas(64) uint32_t chunks[kMostChunksOfBase3 * kBlockRows];
    Product expanded = m;
    for (int64_t block = first; block < last; ++block) {
      expand_base3<V>(m.trits.at({block, 0}, 0), m.layout.chunks / kUnitChunks, chunks);
      expanded.trits = {.words = chunks, .row_words = m.layout.chunks, .first_block = block};
      compute(expanded, block);
    }
  }
}

// Rows of activations whose products decode in registers.
constexpr int kBase3Tokens = 2;

// As sum_codes does it, of whole units: sum p takes the codes that are left at bit 2 p, fifths go into sum 0.
template <typename V, int kTokens>
[[gnu::noinline]] void sum_base3(const uint32_t* words, const int8_t* x, int64_t units, typename V::I* total) {
  if constexpr (V::kBase3 && kTokens <= kBase3Tokens) {
    constexpr int kVectors = kBlockRows / V::kLanes;
    constexpr int64_t kAhead = 8192 / 4;
    const auto tables = V::load_base3(kBase3Tables.codes, kBase3Tables.fifths);
    typename V::I sums[kVectors][kTokens][4] = {};
    const auto add = [&](int v, int sum, auto codes, const int8_t* four) __attribute__((always_inline)) {
      const auto factors = V::template factors<kTokens>(four);
      TRITIUM_UNROLL
      for (int t = 0; t < kTokens; ++t) sums[v][t][sum] = V::dot(sums[v][t][sum], codes, V::factor(factors, t));
    };
    constexpr int64_t kPlane = 4 * kTokens, kChunk = 4 * kPlane;  // bytes of activations
    for (int64_t unit = 0; unit < units; ++unit) {
      for (int64_t five = 0; five < kFives; ++five, x += 5 * kChunk) {
        TRITIUM_UNROLL
        for (int i = 0; i < 4; ++i, words += kRowStride) {
          __builtin_prefetch(words + kAhead);
          __builtin_prefetch(words + kAhead + 16);
          TRITIUM_UNROLL
          for (int v = 0; v < kVectors; ++v) {
            const auto w = V::load(words + v * V::kLanes);
            const auto codes = V::codes_of(w, tables);
            add(v, 0, V::fifths_of(w, tables), x + 4 * kChunk + i * kPlane);
            TRITIUM_UNROLL
            for (int p = 0; p < 4; ++p) add(v, p, codes & (0x03030303u << (2 * p)), x + i * kChunk + p * kPlane);
          }
        }
      }
      TRITIUM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const auto w = V::load(words + v * V::kLanes);
        TRITIUM_UNROLL
        for (int p = 0; p < 4; ++p) add(v, p, w & (0x03030303u << (2 * p)), x + p * kPlane);
      }
      words += kRowStride, x += kChunk;
    }
    for (int v = 0; v < kVectors; ++v)
      for (int t = 0; t < kTokens; ++t) {
        total[v * kTokens + t] = typename V::I{};
        for (int p = 0; p < 4; ++p) total[v * kTokens + t] += sums[v][t][p] >> (2 * p);
      }
  }
}

}  // namespace
}  // namespace tritium::cpu
