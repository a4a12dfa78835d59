// A word of trits times 16 int8 codes, by dot products of bytes where the device has an instruction for them (the
// variant "dot" of a kernel), else one by one: the same integers. GLSL only.
#ifndef TRITIUM_LIB_WORD_PRODUCT_GLSL
#define TRITIUM_LIB_WORD_PRODUCT_GLSL

#include "lib/device_trits.h"
#include "lib/ternary.h"

#ifdef TRITIUM_VARIANT_DOT
#extension GL_EXT_spirv_intrinsics : require
// OpSDot of SPV_KHR_integer_dot_product on PackedVectorFormat4x8Bit (0): glslc has no built-in function for it yet.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int signed_dot(uint a, uint b, spirv_literal int format);

// The sum of 16 values, four to a word.
int sum_of_values(uvec4 values) {
  const uint ones = 0x01010101u;
  return signed_dot(ones, values.x, 0) + signed_dot(ones, values.y, 0) + signed_dot(ones, values.z, 0) +
         signed_dot(ones, values.w, 0);
}

// Codes times values; the trits' sum is that less the values' sum. Codes of two bits in higher places are 4 and 16 times
// as large, and so are their products, exactly.
int sum_of_products(uint word, uvec4 values) {
  return signed_dot(word & 0x03030303u, values.x, 0) + (signed_dot(word & 0x0C0C0C0Cu, values.y, 0) >> 2) +
         (signed_dot(word & 0x30303030u, values.z, 0) >> 4) + signed_dot((word >> 6u) & 0x03030303u, values.w, 0);
}
#else
int sum_of_values(uvec4 values) {
  int sum = 0;
  for (uint i = 0u; i < 16u; ++i) sum += unpack_i8(values[i / 4u], i % 4u);
  return sum;
}

int sum_of_products(uint word, uvec4 values) {
  int sum = 0;
  for (uint i = 0u; i < 16u; ++i) sum += device_code(word, i) * unpack_i8(values[i / 4u], i % 4u);
  return sum;
}
#endif

#endif
