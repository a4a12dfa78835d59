// Words of a cache of keys or values (ops/kv_cache.h): one f32, two f16 or four signed codes. GLSL only.
#ifndef TRITIUM_LIB_KV_CACHE_GLSL
#define TRITIUM_LIB_KV_CACHE_GLSL

#include "params/dtype.h"

uint values_of_word(uint dtype) { return dtype == TRITIUM_DTYPE_F32 ? 1u : dtype == TRITIUM_DTYPE_F16 ? 2u : 4u; }

// The values of a word, codes without their scale.
vec4 cached_values(uint dtype, uint word) {
  if (dtype == TRITIUM_DTYPE_F32) return vec4(uintBitsToFloat(word), 0.0, 0.0, 0.0);
  if (dtype == TRITIUM_DTYPE_F16) return vec4(unpackHalf2x16(word), 0.0, 0.0);
  return vec4(bitfieldExtract(int(word), 0, 8), bitfieldExtract(int(word), 8, 8), bitfieldExtract(int(word), 16, 8),
              bitfieldExtract(int(word), 24, 8));
}

// The one of them that column `column` of a row has.
float cached_value(uint dtype, uint word, uint column) {
  if (dtype == TRITIUM_DTYPE_F32) return uintBitsToFloat(word);
  if (dtype == TRITIUM_DTYPE_F16) return unpackHalf2x16(word >> (16u * (column & 1u))).x;
  return float(int(word << (24u - 8u * (column & 3u))) >> 24);
}

#endif
