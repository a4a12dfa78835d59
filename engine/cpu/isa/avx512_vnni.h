// Trait of AVX-512 F/BW/VL/DQ with VNNI (Cascade Lake 2019, Zen 4 2022 and later).
#pragma once

#include <immintrin.h>

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

struct Avx512Vnni : Vector<16> {
  typedef I Sum;
  typedef int8_t Chunk __attribute__((vector_size(16)));

  static constexpr int kPlanes = 4;
  // Of the sums that are shifted late, plane 3 grows fastest: a lane takes 4 products of 2 * 64 * 128 = 2^14
  // a chunk, so 2^31 / 2^16 = 2^15 chunks fit: half a million columns at a time.
  static constexpr int kMaxChunks = 1 << 15;
  static constexpr bool kLateShift = true;
  static constexpr int kPanelTokens = 12;
  static constexpr int vectors_of(int) { return 2; }  // 12 tokens: 24 of the 32 registers hold sums
  static constexpr int kDenseTokens = 4;
  static constexpr int kProductRows = 8;  // times 3 vectors: 24 of the 32 registers hold sums

  TRITIUM_INLINE U plane(U words, int p) { return words >> (2 * p) & 0x03030303u; }
  TRITIUM_INLINE Sum dot(Sum sum, U codes, I x) {
    return reinterpret_cast<I>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(codes),
                                                   reinterpret_cast<__m512i>(x)));
  }
  TRITIUM_INLINE I widen(Sum sum) { return sum; }
  // 16 columns -> planes of 4 bytes: columns p, p + 4, p + 8, p + 12.
  TRITIUM_INLINE void pack_chunk(const int8_t* q, int8_t* planes) {
    const Chunk c = load_as<Chunk>(q);
    store(planes, __builtin_shufflevector(c, c, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  }

  TRITIUM_INLINE F load_first(const float* from, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), from); }
  TRITIUM_INLINE void store_first(float* to, F v, int64_t n) { _mm512_mask_storeu_ps(to, first_lanes(n), v); }
  TRITIUM_INLINE __mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

  TRITIUM_INLINE F sqrt(F v) { return _mm512_sqrt_ps(v); }
  TRITIUM_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  TRITIUM_INLINE F from_f16(const uint16_t* from) { return _mm512_cvtph_ps(load_as<__m256i>(from)); }
};

}  // namespace
}  // namespace tritium::cpu
