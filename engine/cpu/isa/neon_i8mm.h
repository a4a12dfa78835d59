// Trait of NEON with products of 2 x 8 by 8 x 2 matrices of bytes (FEAT_I8MM: Neoverse V1, Cortex-A710, Apple A15; 2021
// and later).
#pragma once

#include "cpu/isa/neon_dot.h"

namespace tritium::cpu {
namespace {

struct NeonI8mm : NeonDot {
  static constexpr bool kPairs = true;
  typedef int8x16_t TwoTokens;

  static constexpr int kPanelTokens = 16;
  // 4 sums a vector of rows and pair of tokens.
  static constexpr int vectors_of(int tokens) { return tokens <= 4 ? 4 : tokens <= 8 ? 2 : 1; }

  TRITIUM_INLINE U plane(U words, int p, int) {
    const auto bytes = reinterpret_cast<uint8x16_t>(words);
    return reinterpret_cast<U>(p == 3 ? bytes >> 6 : bytes >> (2 * p) & 3);  // of bytes, nothing comes from above
  }
  TRITIUM_INLINE TwoTokens two_tokens(const int8_t* x) { return vld1q_s8(x); }
  TRITIUM_INLINE TwoTokens one_token(const int8_t* x) { return vcombine_s8(vld1_s8(x), vdup_n_s8(0)); }
  // Codes have no sign, activations have one.
  TRITIUM_INLINE I dot_pairs(I sum, U codes, TwoTokens x) {
    return reinterpret_cast<I>(vusmmlaq_s32(reinterpret_cast<int32x4_t>(sum), reinterpret_cast<uint8x16_t>(codes), x));
  }
};

}  // namespace
}  // namespace tritium::cpu
