// Trait of 128-bit vectors: compiles everywhere and becomes SSE2 on x86-64, NEON on ARM.
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

struct Portable : Vector<4> {
  typedef int16_t Sum __attribute__((vector_size(16)));
  typedef int8_t Chunk __attribute__((vector_size(16)));

  // Two codes of a word, 8 columns apart, are the halves of a lane: 16-bit multiplication is what every set
  // has.
  static constexpr int kPlanes = 8;
  // 16 chunks * 8 products * 2 * 128 = 2^15, reached by negative sums only.
  static constexpr int kMaxChunks = 16;
  static constexpr int sums_of(int) { return 1; }
  static constexpr int kPanelTokens = 2;
  static constexpr int vectors_of(int) { return 4; }
  static constexpr int kDenseTokens = 2;
  static constexpr int kProductRows = 4;

  TRITIUM_INLINE U plane(U words, int p, int s) { return words >> (2 * (p - s)) & 0x00030003u << (2 * s); }
  TRITIUM_INLINE Sum dot(Sum sum, U codes, I x) {
    return settled(sum + reinterpret_cast<Sum>(codes) * reinterpret_cast<Sum>(x));
  }
  TRITIUM_INLINE I widen(Sum sum) {
    const I pairs = reinterpret_cast<I>(sum);
    return ((pairs << 16) >> 16) + (pairs >> 16);
  }
  // 16 columns -> planes of 4 bytes: columns p and p + 8 as 16-bit numbers.
  TRITIUM_INLINE void pack_chunk(const int8_t* q, int8_t* planes) {
    typedef int16_t Wide __attribute__((vector_size(32)));
    const Chunk c = load_as<Chunk>(q);
    store(planes, __builtin_convertvector(
                      __builtin_shufflevector(c, c, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15), Wide));
  }

  // Sums of four products each, of any codes: 255 * 127 fits 16 bits, so each product is widened.
  static constexpr int kByteBias = 128;
  TRITIUM_INLINE I dot_bytes(I sum, U codes, I x) {
    const Sum even = reinterpret_cast<Sum>(codes & 0x00FF00FFu) * (reinterpret_cast<Sum>(x) << 8 >> 8);
    const Sum odd = reinterpret_cast<Sum>(codes >> 8 & 0x00FF00FFu) * (reinterpret_cast<Sum>(x) >> 8);
    return sum + widen(even) + widen(odd);
  }
  // Sums of two products each.
  TRITIUM_INLINE Sum dot_small(Sum sum, U codes, I x) {
    sum += reinterpret_cast<Sum>(codes & 0x00FF00FFu) * (reinterpret_cast<Sum>(x) << 8 >> 8);
    sum += reinterpret_cast<Sum>(codes >> 8 & 0x00FF00FFu) * (reinterpret_cast<Sum>(x) >> 8);
    return settled(sum);
  }
  TRITIUM_INLINE I scaled(Sum sum, I factor) { return widen(sum) * factor; }
  static constexpr int kPackedTokens = 2;

  TRITIUM_INLINE F sqrt(F v) {
    for (int i = 0; i < kLanes; ++i) v[i] = __builtin_sqrtf(v[i]);
    return v;
  }
  TRITIUM_INLINE F fma(F a, F b, F c) { return a * b + c; }
  TRITIUM_INLINE F from_f16(const uint16_t* from) {
    const U h = __builtin_convertvector(load_as<U16>(from), U);
    const U magnitude = (h & 0x7FFFu) << 13;
    // The product moves the exponent from bias 15 to 127 and is exact for subnormals too; Inf and NaN keep
    // theirs.
    const U finite = float_to_bits(bits_to_float(magnitude) * 0x1p112f);
    const U bits = (h & 0x7C00u) == 0x7C00u ? magnitude | 0x7F800000u : finite;
    return bits_to_float(bits | (h & 0x8000u) << 16);
  }
};

}  // namespace
}  // namespace tritium::cpu
