// Trait of AVX-512 F/BW/VL/DQ with VNNI (Cascade Lake 2019, Zen 4 2022 and later).
#pragma once

#include <immintrin.h>

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

struct Avx512Vnni : BytePlanes<16> {
  typedef I Sum;

  // Of the sums of codes that are left where they are, that of plane 3 grows fastest: a lane takes 4 products of 2 * 64
  // * 128 = 2^14 a chunk, so 2^31 / 2^16 = 2^15 chunks fit: half a million columns at a time.
  static constexpr int kMaxChunks = 1 << 15;
  static constexpr int sums_of(int tokens) { return tokens <= 3 ? 4 : 1; }
  static constexpr int kPanelTokens = 12;
  static constexpr int vectors_of(int) { return 2; }  // 12 tokens: 24 of the 32 registers hold sums
  static constexpr int kDenseTokens = 4;
  static constexpr int kProductRows = 8;  // times 3 vectors: 24 of the 32 registers hold sums

  TRITIUM_INLINE Sum dot(Sum sum, U codes, I x) {
    return reinterpret_cast<I>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(codes),
                                                   reinterpret_cast<__m512i>(x)));
  }
  TRITIUM_INLINE I widen(Sum sum) { return sum; }

  // Sums of four products each, of any codes; who wants them less 128 subtracts that many sums of x.
  static constexpr int kByteBias = 128;
  TRITIUM_INLINE I dot_bytes(I sum, U codes, I x) { return dot(sum, codes, x); }
  TRITIUM_INLINE I dot_small(I sum, U codes, I x) { return dot(sum, codes, x); }
  TRITIUM_INLINE I scaled(I sum, I factor) { return sum * factor; }
  static constexpr int kPackedTokens = 8;

  // Sums of two products of 16-bit integers each.
  TRITIUM_INLINE I dot_pairs(I sum, I a, I b) {
    return reinterpret_cast<I>(_mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a),
                                                   reinterpret_cast<__m512i>(b)));
  }

  TRITIUM_INLINE F load_first(const float* from, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), from); }
  TRITIUM_INLINE void store_first(float* to, F v, int64_t n) { _mm512_mask_storeu_ps(to, first_lanes(n), v); }
  TRITIUM_INLINE __mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

  // With a mask: of the others GCC 12 says that they use what is not initialised.
  TRITIUM_INLINE F max(F a, F b) { return _mm512_maskz_max_ps(0xFFFF, a, b); }
  TRITIUM_INLINE F min(F a, F b) { return _mm512_maskz_min_ps(0xFFFF, a, b); }
  TRITIUM_INLINE F sqrt(F v) { return _mm512_sqrt_ps(v); }
  TRITIUM_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  TRITIUM_INLINE I from_i8(const int8_t* from) {
    return reinterpret_cast<I>(_mm512_cvtepi8_epi32(load_as<__m128i>(from)));
  }
  TRITIUM_INLINE U16 to_f16(F v) {
    const F bounded = max(all(-65504.0f), min(all(65504.0f), v));  // a NaN stays one
    return reinterpret_cast<U16>(_mm512_cvtps_ph(bounded, _MM_FROUND_TO_NEAREST_INT));
  }
  TRITIUM_INLINE F from_f16(const uint16_t* from) { return _mm512_cvtph_ps(load_as<__m256i>(from)); }
};

}  // namespace
}  // namespace tritium::cpu
