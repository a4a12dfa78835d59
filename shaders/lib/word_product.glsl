// A word of trits times 16 int8 codes (byte_products.glsl). GLSL only.
#ifndef TRITIUM_LIB_WORD_PRODUCT_GLSL
#define TRITIUM_LIB_WORD_PRODUCT_GLSL

#include "lib/byte_products.glsl"
#include "lib/device_trits.h"

// sum plus codes times values; with trits it is that less the values' sum. So written, an instruction for dot products
// that adds needs no other for it.
#ifdef TRITIUM_VARIANT_DOT
int with_products(int sum, uint word, uvec4 values) {
  const uint low = 0x03030303u;
  for (uint i = 0u; i < 4u; ++i) sum += signed_dot((word >> (2u * i)) & low, values[i], 0);
  return sum;
}
#else
int with_products(int sum, uint word, uvec4 values) {
  const uvec4 bytes = raised(values);
  uint products = 0u;
  for (uint i = 0u; i < 16u; ++i)
    products += bitfieldExtract(word, int(device_shift(i)), 2) * bitfieldExtract(bytes[i / 4u], int(8u * (i % 4u)), 8);
  const int codes = bitCount(word & 0x55555555u) + 2 * bitCount(word & 0xAAAAAAAAu);
  return sum + int(products) - 128 * codes;
}
#endif

#endif
