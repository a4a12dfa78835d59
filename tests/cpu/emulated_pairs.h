// The products of isa/neon_i8mm.h in plain loops, on the same layouts, and beside them the dot products of
// isa/neon_dot.h.
#pragma once

#include <atomic>
#include <cstdint>

#include "cpu/isa/portable.h"

namespace tritium::cpu {
namespace {

// SDOT: lane i grows by the products of its four bytes.
struct EmulatedDots : Portable {
  typedef I Sum;
  static constexpr int kPlanes = 4;
  static constexpr int kMaxChunks = 1 << 17;
  static U plane(U words, int p, int s) { return BytePlanes<4>::plane(words, p, s); }
  static void pack_chunk(const int8_t* q, int8_t* planes) { BytePlanes<4>::pack_chunk(q, planes); }
  static Sum dot(Sum sum, U codes, I x) {
    const auto w = reinterpret_cast<Bytes>(codes), bytes = reinterpret_cast<Bytes>(x);
    for (int i = 0; i < 16; ++i) sum[i / 4] += w[i] * bytes[i];
    return sum;
  }
  static I widen(Sum sum) { return sum; }
};

struct EmulatedPairs : EmulatedDots {
  static inline std::atomic<int64_t> products_taken = 0;

  static constexpr bool kPairs = true;
  typedef Bytes TwoTokens;
  static constexpr int kPanelTokens = 16;
  static constexpr int vectors_of(int tokens) { return tokens <= 4 ? 4 : tokens <= 8 ? 2 : 1; }
  static TwoTokens two_tokens(const int8_t* x) { return load_as<Bytes>(x); }
  static TwoTokens one_token(const int8_t* x) {
    Bytes bytes = {};
    for (int i = 0; i < 8; ++i) bytes[i] = x[i];
    return bytes;
  }
  // USMMLA: lane 2 i + j grows by the products of the eight bytes of row i and of token j.
  static I dot_pairs(I sum, U codes, TwoTokens x) {
    const auto w = reinterpret_cast<Bytes>(codes);
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        for (int k = 0; k < 8; ++k) sum[2 * i + j] += w[8 * i + k] * x[8 * j + k];
    ++products_taken;
    return sum;
  }
};

}  // namespace
}  // namespace tritium::cpu
