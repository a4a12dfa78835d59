// Products with trits in base3 (layout/base3.h). For up to kBase3Tokens rows of activations, words are decoded in
// registers: per 64 bytes of them three permutations of bytes beside the loads and products of 320 weights. For more, a
// block is expanded to rows32 first, in the L1 or L2 cache, and met by all of them from there.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/fetch_ahead.h"
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
[[gnu::noinline]] void expand_base3(const uint32_t* words, const FetchAhead& fetch, int64_t units, uint32_t* chunks) {
  const auto tables = V::load_base3(kBase3Tables.codes, kBase3Tables.fifths);
  for (int64_t unit = 0; unit < units; ++unit) {
    const int64_t ahead = fetch.at(unit * kUnitWords);
    for (int64_t five = 0; five < kFives; ++five, words += 4 * kRowStride, chunks += 5 * kRowStride) TRITIUM_UNROLL
    for (int64_t lane = 0; lane < kBlockRows; lane += V::kLanes) {
      typename V::U last = {};
      TRITIUM_UNROLL
      for (int i = 0; i < 4; ++i) {
        fetch_vector<V>(words + i * kRowStride + lane, 0, ahead);
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
    uint32_t* const chunks = m.expanded;
    Product expanded = m;
    // What is read next waits until this block has met all rows.
    const int64_t block_bytes = m.trits.row_words * kBlockRows * 4;
    const int64_t distance = block_bytes > kFetchAhead ? block_bytes : kFetchAhead;
    for (int64_t block = first; block < last; ++block) {
      expand_base3<V>(m.trits.at({block, 0}, 0), fetch_ahead(m, block, distance), m.layout.chunks / kUnitChunks,
                      chunks);
      expanded.trits = {.words = chunks, .row_words = m.layout.chunks, .first_block = block, .in_cache = true};
      compute(expanded, block);
    }
  }
}

// Rows of activations whose products decode in registers.
constexpr int kBase3Tokens = 8;

// As sum_codes does it, of whole units, the first at `word` of a row; fifths go into sum 0.
template <typename V, int kTokens>
[[gnu::noinline]] void sum_base3(const uint32_t* words, const FetchAhead& fetch, int64_t word, const int8_t* x,
                                 int64_t units, typename V::I* total) {
  if constexpr (V::kBase3 && kTokens <= kBase3Tokens) {
    // With more rows the sums of one vector fill the registers beside the tables.
    constexpr int kVectors = kTokens <= 4 ? kBlockRows / V::kLanes : 1;
    constexpr int kSums = V::sums_of(kTokens);
    constexpr int64_t kPlane = 4 * kTokens, kChunk = 4 * kPlane;  // bytes of activations
    const auto tables = V::load_base3(kBase3Tables.codes, kBase3Tables.fifths);
    for (int lane = 0; lane < kBlockRows; lane += kVectors * V::kLanes) {
      typename V::I sums[kVectors][kTokens][kSums] = {};
      const auto add = [&](int v, int sum, auto codes, const int8_t* four) __attribute__((always_inline)) {
        const auto factors = V::template factors<kTokens>(four);
        TRITIUM_UNROLL
        for (int t = 0; t < kTokens; ++t) sums[v][t][sum] = V::dot(sums[v][t][sum], codes, V::factor(factors, t));
      };
      const auto add_planes = [&](int v, auto codes, const int8_t* chunk) __attribute__((always_inline)) {
        TRITIUM_UNROLL
        for (int p = 0; p < 4; ++p) add(v, p % kSums, V::plane(codes, p, p % kSums), chunk + p * kPlane);
      };
      const uint32_t* from = words + lane;
      const int8_t* factors = x;
      for (int64_t unit = 0; unit < units; ++unit, from += kRowStride, factors += kChunk) {
        const int64_t ahead = fetch.at(word + unit * kUnitWords);
        for (int64_t five = 0; five < kFives; ++five, factors += 5 * kChunk) {
          TRITIUM_UNROLL
          for (int i = 0; i < 4; ++i, from += kRowStride) {
            TRITIUM_UNROLL
            for (int v = 0; v < kVectors; ++v) {
              fetch_vector<V>(from, v, ahead);
              const auto w = V::load(from + v * V::kLanes);
              add(v, 0, V::fifths_of(w, tables), factors + 4 * kChunk + i * kPlane);
              add_planes(v, V::codes_of(w, tables), factors + i * kChunk);
            }
          }
        }
        TRITIUM_UNROLL
        for (int v = 0; v < kVectors; ++v) add_planes(v, V::load(from + v * V::kLanes), factors);
      }
      for (int v = 0; v < kVectors; ++v)
        for (int t = 0; t < kTokens; ++t) {
          auto& sum = total[(lane / V::kLanes + v) * kTokens + t];
          sum = typename V::I{};
          for (int s = 0; s < kSums; ++s) sum += sums[v][t][s] >> (2 * s);
        }
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
