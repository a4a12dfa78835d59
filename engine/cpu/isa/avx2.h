// Trait of AVX2 + FMA + F16C (Haswell 2013, Zen 2017 and later).
#pragma once

#include <immintrin.h>

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

struct Avx2 : BytePlanes<8> {
  typedef int16_t Sum __attribute__((vector_size(32)));

  // 16 chunks * 8 products * 2 * 128 = 2^15, reached by negative sums only; a vpmaddubsw itself never
  // saturates.
  static constexpr int kMaxChunks = 16;
  static constexpr int sums_of(int) { return 1; }
  static constexpr int kPanelTokens = 4;
  static constexpr int vectors_of(int tokens) { return tokens <= 2 ? 4 : 2; }  // 8 of the 16 registers hold sums
  static constexpr int kDenseTokens = 2;
  static constexpr int kProductRows = 4;  // times 3 vectors: 12 of the 16 registers hold sums

  TRITIUM_INLINE Sum dot(Sum sum, U codes, I x) {
    sum += reinterpret_cast<Sum>(_mm256_maddubs_epi16(reinterpret_cast<__m256i>(codes), reinterpret_cast<__m256i>(x)));
    return settled(sum);
  }
  TRITIUM_INLINE I widen(Sum sum) {
    return reinterpret_cast<I>(_mm256_madd_epi16(reinterpret_cast<__m256i>(sum), _mm256_set1_epi16(1)));
  }

  // Sums of two products each, of codes below 64.
  TRITIUM_INLINE Sum dot_small(Sum sum, U codes, I x) { return dot(sum, codes, x); }
  // Times a factor of 16 bits.
  TRITIUM_INLINE I scaled(Sum sum, I factor) {
    const I twice = (factor & 0xFFFF) | factor << 16;
    return reinterpret_cast<I>(_mm256_madd_epi16(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(twice)));
  }
  // Sums of four products each, of all codes, less 128: |code - 128| times x with that sign is at most 2^14 - 2^7,
  // twice.
  static constexpr int kByteBias = 0;
  TRITIUM_INLINE I dot_bytes(I sum, U codes, I x) {
    const __m256i w = reinterpret_cast<__m256i>(codes ^ 0x80808080u);
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(reinterpret_cast<__m256i>(x), w));
    return settled(sum + reinterpret_cast<I>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
  }
  static constexpr int kPackedTokens = 4;

  // Sums of two products of 16-bit integers each.
  TRITIUM_INLINE I dot_pairs(I sum, I a, I b) {
    return sum + reinterpret_cast<I>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
  }

  TRITIUM_INLINE F max(F a, F b) { return _mm256_max_ps(a, b); }
  TRITIUM_INLINE F min(F a, F b) { return _mm256_min_ps(a, b); }
  TRITIUM_INLINE F sqrt(F v) { return _mm256_sqrt_ps(v); }
  TRITIUM_INLINE F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  TRITIUM_INLINE I from_i8(const int8_t* from) {
    return reinterpret_cast<I>(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  }
  TRITIUM_INLINE U16 to_f16(F v) {
    const F bounded = max(all(-65504.0f), min(all(65504.0f), v));  // a NaN stays one
    return reinterpret_cast<U16>(_mm256_cvtps_ph(bounded, _MM_FROUND_TO_NEAREST_INT));
  }
  TRITIUM_INLINE F from_f16(const uint16_t* from) { return _mm256_cvtph_ps(load_as<__m128i>(from)); }
};

}  // namespace
}  // namespace tritium::cpu
