// Sums of int8 activations times 2-bit codes where an instruction multiplies a 2 x 8 matrix by an 8 x 2 one
// (V::kPairs): two weight rows meet two tokens in 8 columns.
//
// The words of two successive chunks, (a0 a1 a2 a3) and (b0 b1 b2 b3) of 4 rows, are interleaved to (a0 b0 a1 b1) and
// (a2 b2 a3 b3): plane p of the first is the codes of rows 0 and 1 in plane p of both chunks. Activations are packed in
// that order, (pairs of chunks, planes, w, 8 bytes), so two tokens are 16 bytes as they lie.
//
// Operations of 4 weight rows, 32 columns and 16 tokens: 2 loads and 2 interleavings, 12 to decode, 32 loads of pairs
// of tokens and 64 products, where products of four bytes a lane are 128.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels/fetch_ahead.h"

namespace tritium::cpu {
namespace {

// As sum_codes (ternary_matmul.h). What is behind the last of an odd number of chunks is padding: its activations are
// 0.
template <typename V, int kTokens>
[[gnu::noinline]] void sum_pairs(const uint32_t* words, const FetchAhead& fetch, int64_t word, const int8_t* x,
                                 int64_t chunks, typename V::I* total) {
  static_assert(V::kLanes == 4 && V::kPlanes == 4);
  constexpr int kVectors = V::vectors_of(kTokens), kPairs = (kTokens + 1) / 2;
  typename V::I sums[kVectors][2][kPairs] = {};  // (row 0 token 0, row 0 token 1, row 1 token 0, row 1 token 1)
  for (int64_t c = 0; c < chunks; c += 2) {
    const int64_t ahead = fetch.at(word + c);
    typename V::U w[kVectors][2];
    TRITIUM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const uint32_t* chunk = words + c * kRowStride;
      fetch_vector<V>(chunk, v, ahead);
      fetch_vector<V>(chunk + kRowStride, v, ahead);
      const auto a = V::load(chunk + v * V::kLanes), b = V::load(chunk + kRowStride + v * V::kLanes);
      w[v][0] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      w[v][1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    }
    TRITIUM_UNROLL
    for (int p = 0; p < V::kPlanes; ++p) {
      const int8_t* plane = x + (c * V::kPlanes + 2 * p) * kTokens * 4;
      typename V::TwoTokens tokens[kPairs];
      TRITIUM_UNROLL
      for (int t = 0; t < kPairs; ++t)
        tokens[t] = 2 * t + 1 < kTokens ? V::two_tokens(plane + 16 * t) : V::one_token(plane + 16 * t);
      TRITIUM_UNROLL
      for (int i = 0; i < 2 * kVectors; ++i) {
        const auto codes = V::plane(w[i / 2][i % 2], p, 0);
        TRITIUM_UNROLL
        for (int t = 0; t < kPairs; ++t) {
          auto& sum = sums[i / 2][i % 2][t];
          sum = V::dot_pairs(sum, codes, tokens[t]);
        }
      }
    }
  }
  TRITIUM_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    TRITIUM_UNROLL
    for (int t = 0; t < kTokens; ++t) {
      const auto a = sums[v][0][t / 2], b = sums[v][1][t / 2];
      total[v * kTokens + t] =
          t % 2 == 0 ? __builtin_shufflevector(a, b, 0, 2, 4, 6) : __builtin_shufflevector(a, b, 1, 3, 5, 7);
    }
  }
}

}  // namespace
}  // namespace tritium::cpu
