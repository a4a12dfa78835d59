// Trait of 128-bit NEON with dot products of bytes (FEAT_DotProd: Cortex-A76, Neoverse N1, Apple A13; 2018 and later).
#pragma once

#include <arm_neon.h>

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

struct NeonDot : BytePlanes<4> {
  typedef I Sum;

  // A lane takes 4 products of at most 2 * 4 * 128 a plane: 2^31 / 2^14 = 2^17 chunks fit.
  static constexpr int kMaxChunks = 1 << 17;
  static constexpr int sums_of(int tokens) { return tokens == 1 ? 2 : 1; }  // codes at bit 4 or 6 would be negative
  static constexpr int kPanelTokens = 8;                                    // GCC 12 spills some of 24 sums (12 tokens)
  static constexpr int vectors_of(int tokens) { return tokens <= 2 ? 8 : tokens <= 4 ? 4 : 2; }
  static constexpr int kDenseTokens = 4;
  static constexpr int kProductRows = 8;  // times 3 vectors: 24 of the 32 registers hold sums

  // A vector holds the four bytes of four tokens, and the instruction names one of them: nothing is broadcast.
  template <int kTokens>
  struct Factors {
    int8x16_t of[(kTokens + 3) / 4];
  };
  struct Factor {
    int8x16_t of;
    int lane;
  };
  template <int kTokens>
  TRITIUM_INLINE Factors<kTokens> factors(const int8_t* x) {
    Factors<kTokens> result;
    TRITIUM_UNROLL
    for (int i = 0; i < kTokens / 4; ++i) result.of[i] = vld1q_s8(x + 16 * i);
    if constexpr (kTokens % 4 != 0) {
      int32_t rest[4] = {};
      __builtin_memcpy(rest, x + kTokens / 4 * 16, kTokens % 4 * 4);
      result.of[kTokens / 4] = vreinterpretq_s8_s32(int32x4_t{rest[0], rest[1], rest[2], rest[3]});
    }
    return result;
  }
  template <int kTokens>
  TRITIUM_INLINE Factor factor(const Factors<kTokens>& all, int token) {
    return {all.of[token / 4], token % 4};
  }

  TRITIUM_INLINE Sum dot(Sum sum, U codes, Factor x) {
    const auto s = reinterpret_cast<int32x4_t>(sum);
    const auto w = reinterpret_cast<int8x16_t>(codes);
    switch (x.lane) {  // known once loops are unrolled
      case 0: return reinterpret_cast<I>(vdotq_laneq_s32(s, w, x.of, 0));
      case 1: return reinterpret_cast<I>(vdotq_laneq_s32(s, w, x.of, 1));
      case 2: return reinterpret_cast<I>(vdotq_laneq_s32(s, w, x.of, 2));
      default: return reinterpret_cast<I>(vdotq_laneq_s32(s, w, x.of, 3));
    }
  }
  TRITIUM_INLINE I widen(Sum sum) { return sum; }

  // Sums of four products each, of all codes less 128: what is multiplied has a sign.
  static constexpr int kByteBias = 0;
  TRITIUM_INLINE Sum dot_bytes(Sum sum, U codes, Factor x) { return dot(sum, codes ^ 0x80808080u, x); }
  // Of codes below 128.
  TRITIUM_INLINE Sum dot_small(Sum sum, U codes, Factor x) { return dot(sum, codes, x); }
  TRITIUM_INLINE I scaled(Sum sum, I factor) { return sum * factor; }
  static constexpr int kPackedTokens = 8;

  TRITIUM_INLINE F sqrt(F v) { return reinterpret_cast<F>(vsqrtq_f32(reinterpret_cast<float32x4_t>(v))); }
  TRITIUM_INLINE F fma(F a, F b, F c) {
    return reinterpret_cast<F>(vfmaq_f32(reinterpret_cast<float32x4_t>(c), reinterpret_cast<float32x4_t>(a),
                                         reinterpret_cast<float32x4_t>(b)));
  }
  TRITIUM_INLINE F from_f16(const uint16_t* from) {
    return reinterpret_cast<F>(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from))));
  }
};

}  // namespace
}  // namespace tritium::cpu
