// Trait of AVX2 with AVX-VNNI (Alder Lake 2021, Zen 5 2024 and later): bytes are multiplied and added up to 32 bits by
// one instruction.
#pragma once

#include "cpu/isa/avx2.h"

namespace tritium::cpu {
namespace {

struct AvxVnni : Avx2 {
  typedef I Sum;

  // A lane takes 4 products of at most 2 * 4 * 128 a plane: 2^31 / 2^14 = 2^17 chunks fit.
  static constexpr int kMaxChunks = 1 << 17;
  static constexpr int sums_of(int tokens) { return tokens == 1 ? 2 : 1; }
  static constexpr int kPanelTokens = 5;  // GCC 12 spills some of 12 sums (6 tokens): three quarters of the speed
  static constexpr int vectors_of(int tokens) { return tokens <= 2 ? 4 : 2; }  // 8 or 10 of the 16 registers hold sums

  TRITIUM_INLINE Sum dot(Sum sum, U codes, I x) {
    return reinterpret_cast<I>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(codes),
                                                       reinterpret_cast<__m256i>(x)));
  }
  TRITIUM_INLINE I widen(Sum sum) { return sum; }
  TRITIUM_INLINE I dot_pairs(I sum, I a, I b) {
    return reinterpret_cast<I>(_mm256_dpwssd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(a),
                                                       reinterpret_cast<__m256i>(b)));
  }

  // Sums of four products each, of any codes; who wants them less 128 subtracts that many sums of x.
  static constexpr int kByteBias = 128;
  TRITIUM_INLINE I dot_bytes(I sum, U codes, I x) { return dot(sum, codes, x); }
  TRITIUM_INLINE I dot_small(I sum, U codes, I x) { return dot(sum, codes, x); }
  TRITIUM_INLINE I scaled(I sum, I factor) { return sum * factor; }
};

}  // namespace
}  // namespace tritium::cpu
