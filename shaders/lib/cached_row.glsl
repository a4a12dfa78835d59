// How a workgroup writes a row of keys or of values as a cache keeps it (kv_cache.glsl). The shader defines new_value()
// and write_word(). GLSL only.
#ifndef TRITIUM_LIB_CACHED_ROW_GLSL
#define TRITIUM_LIB_CACHED_ROW_GLSL

#include "lib/int8_block.glsl"
#include "lib/kv_cache.glsl"

float new_value(bool keys, uint row, uint d);
// Word i of the row.
void write_word(bool keys, uint row, uint i, uint word);

// Returns the scale of i8; else 1. Every invocation calls it.
float write_row(uint dtype, bool keys, uint row, uint dim) {
  Int8Block codes = Int8Block(1.0, 1.0);
  if (dtype == TRITIUM_DTYPE_I8) {
    uint bits = 0u;
    for (uint d = gl_LocalInvocationIndex; d < dim; d += kWorkgroup)
      bits = max(bits, magnitude_bits(new_value(keys, row, d)));
    codes = int8_block(workgroup_max_of_bits(bits));
  }
  const uint n = values_of_word(dtype);
  for (uint i = gl_LocalInvocationIndex; i < dim / n; i += kWorkgroup) {
    if (dtype == TRITIUM_DTYPE_F32) {
      write_word(keys, row, i, floatBitsToUint(new_value(keys, row, i)));
    } else if (dtype == TRITIUM_DTYPE_F16) {
      const vec2 values = vec2(new_value(keys, row, 2u * i), new_value(keys, row, 2u * i + 1u));
      write_word(keys, row, i, f16_bits(values.x) | f16_bits(values.y) << 16u);
    } else {
      vec4 values;
      for (uint b = 0u; b < 4u; ++b) values[b] = new_value(keys, row, 4u * i + b);
      uint word = 0u;
      for (uint b = 0u; b < 4u; ++b) word |= (uint(int8_code(values[b], codes)) & 255u) << (8u * b);
      write_word(keys, row, i, word);
    }
  }
  return codes.scale;
}

#endif
