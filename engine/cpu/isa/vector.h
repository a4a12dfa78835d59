// The part of a trait that all instruction sets share: vectors of kLanes floats and integers in the
// compiler's own vector types, which GCC and Clang lower to whatever the file is compiled for. Included by
// isa/*.cpp alone, hence all in an anonymous namespace (kernels.h says why).
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TRITIUM_INLINE [[gnu::always_inline]] static inline
#if defined(__clang__)
#define TRITIUM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define TRITIUM_UNROLL _Pragma("GCC unroll 16")
#endif

namespace tritium::cpu {
namespace {

// Spelled out, since GCC 12 loses a vector's size when it depends on a template parameter.
template <int kLanes>
struct VectorTypes;
#define TRITIUM_VECTOR_TYPES(lanes)                                 \
  template <>                                                       \
  struct VectorTypes<lanes> {                                       \
    typedef float F __attribute__((vector_size(4 * lanes)));        \
    typedef int32_t I __attribute__((vector_size(4 * lanes)));      \
    typedef uint32_t U __attribute__((vector_size(4 * lanes)));     \
    typedef uint64_t Pairs __attribute__((vector_size(4 * lanes))); \
    typedef int8_t I8 __attribute__((vector_size(lanes)));          \
    typedef int8_t Bytes __attribute__((vector_size(4 * lanes)));   \
    typedef uint16_t U16 __attribute__((vector_size(2 * lanes)));   \
    typedef double D __attribute__((vector_size(8 * lanes)));       \
    typedef int64_t L __attribute__((vector_size(8 * lanes)));      \
    typedef float HalfF __attribute__((vector_size(2 * lanes)));    \
    typedef double HalfD __attribute__((vector_size(4 * lanes)));   \
  };
TRITIUM_VECTOR_TYPES(4)
TRITIUM_VECTOR_TYPES(8)
TRITIUM_VECTOR_TYPES(16)

// Has a value computed here. Of an unrolled sum GCC 12 computes all terms before it adds the first, and spills them.
template <typename T>
TRITIUM_INLINE T settled(T vector) {
#if defined(__x86_64__)
  asm("" : "+x"(vector));
#elif defined(__aarch64__)
  asm("" : "+w"(vector));
#endif
  return vector;
}

template <int kLaneCount>
struct Vector : VectorTypes<kLaneCount> {
  static constexpr int kLanes = kLaneCount;
  static constexpr bool kBase3 = false;  // whether it decodes base3 (kernels/base3.h)
  static constexpr bool kPairs = false;  // whether two rows meet two tokens in a product (kernels/ternary_pairs.h)
  using typename VectorTypes<kLaneCount>::F;
  using typename VectorTypes<kLaneCount>::I;
  using typename VectorTypes<kLaneCount>::U;
  using typename VectorTypes<kLaneCount>::Bytes;
  using typename VectorTypes<kLaneCount>::Pairs;
  using typename VectorTypes<kLaneCount>::U16;

  template <typename T>
  TRITIUM_INLINE T load_as(const void* from) {
    T v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  }
  TRITIUM_INLINE F load(const float* from) { return load_as<F>(from); }
  TRITIUM_INLINE U load(const uint32_t* from) { return load_as<U>(from); }
  template <typename T>
  TRITIUM_INLINE void store(void* to, const T& v) {
    __builtin_memcpy(to, &v, sizeof v);
  }
  // The first n lanes; the others are 0 (load) or not written (store).
  TRITIUM_INLINE F load_first(const float* from, int64_t n) {
    F v = {};
    __builtin_memcpy(&v, from, 4 * static_cast<size_t>(n));
    return v;
  }
  TRITIUM_INLINE void store_first(float* to, F v, int64_t n) { __builtin_memcpy(to, &v, 4 * static_cast<size_t>(n)); }

  // x - 0 and not x + 0: that would turn -0 into 0.
  TRITIUM_INLINE F all(float x) { return x - F{}; }
  TRITIUM_INLINE I all_int(int32_t x) { return x + I{}; }
  // The four bytes of each of kTokens tokens, packed one after the other, and those of one in every lane.
  template <int kTokens>
  TRITIUM_INLINE const int8_t* factors(const int8_t* x) {
    return x;
  }
  TRITIUM_INLINE I factor(const int8_t* x, int token) {
    int32_t four = 0;
    __builtin_memcpy(&four, x + 4 * token, 4);
    return all_int(four);
  }
  TRITIUM_INLINE F to_float(I v) { return __builtin_convertvector(v, F); }
  TRITIUM_INLINE F bits_to_float(U v) { return reinterpret_cast<F>(v); }
  TRITIUM_INLINE U float_to_bits(F v) { return reinterpret_cast<U>(v); }
  // The second where the first is NaN.
  TRITIUM_INLINE F max(F a, F b) { return a > b ? a : b; }
  TRITIUM_INLINE F min(F a, F b) { return a < b ? a : b; }
  TRITIUM_INLINE F magnitude(F v) { return bits_to_float(float_to_bits(v) & 0x7FFFFFFFu); }
  // (a, b) -> (b, a) in each pair of lanes.
  TRITIUM_INLINE F swap_pairs(F v) {
    const Pairs p = reinterpret_cast<Pairs>(v);
    return reinterpret_cast<F>(p << 32 | p >> 32);
  }
  TRITIUM_INLINE I from_i8(const int8_t* from) {
    I v;
    for (int lane = 0; lane < kLanes; ++lane) v[lane] = from[lane];
    return v;
  }
  // shader::f16_bits, lane by lane.
  TRITIUM_INLINE U16 to_f16(F v) {
    const U bits = float_to_bits(v), magnitude = bits & 0x7FFFFFFFu;
    const U most = U{} + 0x477FE000u;  // 65504
    const U m = magnitude > most ? most : magnitude;
    const U normal = (m - 0x38000000u + 0xFFFu + (m >> 13 & 1u)) >> 13;
    // Below 2^-14: adding 0.5 aligns the subnormal's last bit with the float's.
    const U subnormal = float_to_bits(bits_to_float(m) + 0.5f) - 0x3F000000u;
    const U finite = m < 0x38800000u ? subnormal : normal;
    const U half = magnitude > 0x7F800000u ? U{} + 0x7E00u : finite;
    return __builtin_convertvector(half | (bits >> 16 & 0x8000u), U16);
  }
  TRITIUM_INLINE F from_bf16(const uint16_t* from) {
    return bits_to_float(__builtin_convertvector(load_as<U16>(from), U) << 16);
  }
};

// Codes as AVX2's and AVX-512's products of bytes take them: a word AND 0x03 (shifted right by 0, 2, 4, 6) is four.
template <int kLaneCount>
struct BytePlanes : Vector<kLaneCount> {
  typedef int8_t Chunk __attribute__((vector_size(16)));
  using typename Vector<kLaneCount>::U;

  static constexpr int kPlanes = 4;
  // Plane p of the codes, times 4^s.
  TRITIUM_INLINE U plane(U words, int p, int s) { return words >> (2 * (p - s)) & 0x03030303u << (2 * s); }
  // 16 columns -> planes of 4 bytes: columns p, p + 4, p + 8, p + 12.
  TRITIUM_INLINE void pack_chunk(const int8_t* q, int8_t* planes) {
    const Chunk c = BytePlanes::template load_as<Chunk>(q);
    BytePlanes::store(planes, __builtin_shufflevector(c, c, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  }
};

// Sums of floats or of doubles across lanes fold the upper half onto the lower one: one order for each lane count.
template <typename V, typename Lanes>
TRITIUM_INLINE auto lane_sum(Lanes v) {
  if constexpr (V::kLanes == 16) {
    const auto low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    const auto high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    return lane_sum<Vector<8>>(low + high);
  } else if constexpr (V::kLanes == 8) {
    return lane_sum<Vector<4>>(__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7));
  } else {
    static_assert(V::kLanes == 4);
    return (v[0] + v[2]) + (v[1] + v[3]);
  }
}

// (a0, b0, a1, b1, …): of all lanes of a and b the lower half, or the upper.
template <typename V, bool kUpper>
TRITIUM_INLINE typename V::F interleave(typename V::F a, typename V::F b) {
  if constexpr (V::kLanes == 16 && kUpper) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  } else if constexpr (V::kLanes == 16) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  } else if constexpr (V::kLanes == 8 && kUpper) {
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  } else if constexpr (V::kLanes == 8) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  } else if constexpr (kUpper) {
    return __builtin_shufflevector(a, b, 2, 6, 3, 7);
  } else {
    return __builtin_shufflevector(a, b, 0, 4, 1, 5);
  }
}

// kLanes vectors as the rows of a square. A step moves the highest bit of (row, lane) to the lowest place, so after as
// many steps as a lane's number has bits row and lane have changed places.
template <typename V>
TRITIUM_INLINE void transpose(typename V::F* v) {
  constexpr int kHalf = V::kLanes / 2;
  TRITIUM_UNROLL
  for (int step = 1; step < V::kLanes; step *= 2) {
    typename V::F next[V::kLanes];
    TRITIUM_UNROLL
    for (int i = 0; i < kHalf; ++i) {
      next[2 * i] = interleave<V, false>(v[i], v[i + kHalf]);
      next[2 * i + 1] = interleave<V, true>(v[i], v[i + kHalf]);
    }
    TRITIUM_UNROLL
    for (int i = 0; i < V::kLanes; ++i) v[i] = next[i];
  }
}

template <typename V>
TRITIUM_INLINE typename V::D widen(typename V::F v) {
  return __builtin_convertvector(v, typename V::D);
}
template <typename V>
TRITIUM_INLINE typename V::F narrow(typename V::D v) {
  return __builtin_convertvector(v, typename V::F);
}

// Of floats or of integers; a NaN is passed over, but for one in the lowest lanes.
template <typename V, typename Lanes>
TRITIUM_INLINE auto largest(Lanes v) {
  if constexpr (V::kLanes == 16) {
    const auto low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    const auto high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    return largest<Vector<8>>(high > low ? high : low);
  } else if constexpr (V::kLanes == 8) {
    const auto low = __builtin_shufflevector(v, v, 0, 1, 2, 3), high = __builtin_shufflevector(v, v, 4, 5, 6, 7);
    return largest<Vector<4>>(high > low ? high : low);
  } else {
    static_assert(V::kLanes == 4);
    const auto second = __builtin_shufflevector(v, v, 2, 3, 0, 1);
    const auto pairs = second > v ? second : v;
    return pairs[1] > pairs[0] ? pairs[1] : pairs[0];
  }
}

}  // namespace
}  // namespace tritium::cpu
