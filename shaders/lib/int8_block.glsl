// What a workgroup needs to turn a block of floats into int8 codes and a scale (rounding.h). GLSL only.
#ifndef TRITIUM_LIB_INT8_BLOCK_GLSL
#define TRITIUM_LIB_INT8_BLOCK_GLSL

#include "lib/reduce.glsl"
#include "lib/rounding.h"

// Magnitudes are ordered as their bits are, and those of a NaN, which a device need not know, are the largest.
uint magnitude_bits(float value) { return floatBitsToUint(value) & 0x7FFFFFFFu; }

struct Int8Block {
  float inverse;  // 0 where all codes are 0
  float scale;
};

// Of the largest magnitude in a block.
Int8Block int8_block(uint largest) {
  const bool nan = largest > 0x7F800000u;
  const float most = nan ? 0.0 : uintBitsToFloat(largest);
  const bool zero = !(most >= TRITIUM_SMALLEST_MAX);
  return Int8Block(zero ? 0.0 : exact_quotient(127u, most), nan    ? uintBitsToFloat(0x7FC00000u)
                                                            : zero ? 0.0
                                                                   : activation_scale(most));
}

int int8_code(float value, Int8Block block) {
  return block.inverse == 0.0 ? 0 : quantize_to_int8(value, block.inverse);
}

#endif
