// Trait of AVX-512 VNNI with permutations of bytes, VBMI (Ice Lake 2019, Zen 4 2022 and later).
#pragma once

#include "cpu/isa/avx512_vnni.h"

namespace tritium::cpu {
namespace {

struct Avx512Vbmi : Avx512Vnni {
  static constexpr bool kBase3 = true;
  struct Base3 {
    __m512i codes[4];
    __m512i fifths;
  };
  TRITIUM_INLINE Base3 load_base3(const uint8_t* codes, const uint8_t* fifths) {
    return {{_mm512_loadu_si512(codes), _mm512_loadu_si512(codes + 64), _mm512_loadu_si512(codes + 128),
             _mm512_loadu_si512(codes + 192)},
            _mm512_loadu_si512(fifths)};
  }
  TRITIUM_INLINE U codes_of(U words, const Base3& tables) {
    const auto w = reinterpret_cast<__m512i>(words);
    const __m512i low = _mm512_permutex2var_epi8(tables.codes[0], w, tables.codes[1]);
    const __m512i high = _mm512_permutex2var_epi8(tables.codes[2], w, tables.codes[3]);
    return reinterpret_cast<U>(_mm512_mask_blend_epi8(_mm512_movepi8_mask(w), low, high));
  }
  // The permutation looks at the low 6 bits of a byte.
  TRITIUM_INLINE U fifths_of(U words, const Base3& tables) {
    return reinterpret_cast<U>(_mm512_permutexvar_epi8(reinterpret_cast<__m512i>(words >> 2), tables.fifths));
  }
};

}  // namespace
}  // namespace tritium::cpu
