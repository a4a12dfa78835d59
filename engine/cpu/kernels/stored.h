// Values as they are stored (f32, f16, bf16, or int8 codes), loaded as vectors of floats.
#pragma once

#include "cpu/isa/vector.h"

namespace tritium::cpu {
namespace {

// kScaled: what is loaded are codes, and somebody else multiplies them with a scale.
struct StoredF32 {
  static constexpr bool kScaled = false;
  typedef float Value;
  template <typename V>
  TRITIUM_INLINE typename V::F load(const float* from) {
    return V::load(from);
  }
};
struct StoredF16 {
  static constexpr bool kScaled = false;
  typedef uint16_t Value;
  template <typename V>
  TRITIUM_INLINE typename V::F load(const uint16_t* from) {
    return V::from_f16(from);
  }
};
struct StoredI8 {
  static constexpr bool kScaled = true;
  typedef int8_t Value;
  template <typename V>
  TRITIUM_INLINE typename V::F load(const int8_t* from) {
    return V::to_float(V::from_i8(from));
  }
};
struct StoredBf16 {
  typedef uint16_t Value;
  template <typename V>
  TRITIUM_INLINE typename V::F load(const uint16_t* from) {
    return V::from_bf16(from);
  }
};

// The first n of a vector, 0 for the others.
template <typename V, typename Stored>
TRITIUM_INLINE typename V::F load_stored(const typename Stored::Value* from, int64_t n) {
  if (n >= V::kLanes) return Stored::template load<V>(from);
  typename Stored::Value padded[V::kLanes] = {};
  __builtin_memcpy(padded, from, sizeof(typename Stored::Value) * static_cast<size_t>(n));
  return Stored::template load<V>(padded);
}

}  // namespace
}  // namespace tritium::cpu
