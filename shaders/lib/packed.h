// Weights that are integers in blocks (Q8_0, Q4_0, Q4_K, Q6_K), in the order of kernels. A row is cut into blocks of
// 256 columns, and each block into `packed_words` words of codes and `packed_scale_words` words of scales:
//   codes   unsigned, `packed_bits` each; the integer is code - `packed_bias`. Sixteen columns after sixteen: of 8 bits
//           four words of four columns; of 4 bits two words, of which byte b has columns b (low nibble) and 4 + b; of
//           6 bits those two with the low nibbles, and one with the upper pairs: bits 2p of byte b for column 4p + b
//   scales  q8_0, q4_0: eight f16, one for 32 columns
//           q4_k: d | dmin << 16 (f16); bytes of scales 0…3; of scales 4…7; of minima 0…3: 6 bits each. The upper two
//           bits of the bytes b of these three words are bits 0-1, 2-3 and 4-5 of minimum 4 + b q6_k: sixteen signed
//           bytes, one for 16 columns; d (f16)
#ifndef TRITIUM_LIB_PACKED_H
#define TRITIUM_LIB_PACKED_H

#include "../params/dtype.h"
#include "portable.h"

#define TRITIUM_PACKED_COLUMNS 256

TRITIUM_LIB_BEGIN

TRITIUM_FUNCTION uint packed_bits(uint dtype) {
  return dtype == TRITIUM_DTYPE_Q8_0 ? 8u : (dtype == TRITIUM_DTYPE_Q6_K ? 6u : 4u);
}
TRITIUM_FUNCTION uint packed_words(uint dtype) { return 8u * packed_bits(dtype); }
TRITIUM_FUNCTION uint packed_scale_words(uint dtype) { return dtype == TRITIUM_DTYPE_Q6_K ? 5u : 4u; }
TRITIUM_FUNCTION int packed_bias(uint dtype) {
  return dtype == TRITIUM_DTYPE_Q8_0 ? 128 : dtype == TRITIUM_DTYPE_Q6_K ? 32 : dtype == TRITIUM_DTYPE_Q4_0 ? 8 : 0;
}

// Columns 4g … 4g + 3 of a block: the number of their word, and of the word with their upper bits (6 bits alone).
TRITIUM_FUNCTION uint packed_word_of(uint bits, uint g) {
  return bits == 8u ? g : (g / 4u) * (bits / 2u) + (g % 4u) / 2u;
}
TRITIUM_FUNCTION uint packed_upper_word_of(uint g) { return (g / 4u) * 3u + 2u; }

// The codes of these columns, as bytes of a word.
TRITIUM_FUNCTION uint packed_four(uint bits, uint word, uint upper, uint g) {
  if (bits == 8u) return word;
  const uint nibbles = (word >> (4u * (g % 2u))) & 0x0F0F0F0Fu;
  return bits == 4u ? nibbles : nibbles | (((upper >> (2u * (g % 4u))) & 0x03030303u) << 4u);
}

// Byte `index` of a word, unsigned.
TRITIUM_FUNCTION int packed_byte(uint word, uint index) { return int((word >> (8u * index)) & 255u); }

// A finite f16, in the low half of a word, without the subnormal floats that devices may flush.
TRITIUM_FUNCTION float half_value(uint bits) {
  const uint exponent = (bits >> 10u) & 31u;
  const uint sign = (bits & 0x8000u) << 16u;
  const float magnitude = exponent == 0u ? float(bits & 1023u) * 5.9604644775390625e-8f  // 2^-24
                                         : uintBitsToFloat(((bits & 0x7FFFu) << 13u) + 0x38000000u);
  return uintBitsToFloat(floatBitsToUint(magnitude) | sign);
}

// The f16 number `index` (0…7) of the scales of q8_0 and q4_0, given their word number index / 2.
TRITIUM_FUNCTION float packed_small_scale(uint word, uint index) {
  return half_value((word >> (16u * (index % 2u))) & 0xFFFFu);
}

// Of q4_k: scale and minimum of 32 columns, 0 … 63, given the words of scales 1, 2 and 3.
TRITIUM_FUNCTION int packed_q4_k_scale(uint word1, uint word2, uint index) {
  return packed_byte(index < 4u ? word1 : word2, index % 4u) & 63;
}
TRITIUM_FUNCTION int packed_q4_k_minimum(uint word1, uint word2, uint word3, uint index) {
  const uint byte = index % 4u;  // without a branch: loads of several wait together
  const int upper =
      (packed_byte(word1, byte) >> 6) | (packed_byte(word2, byte) >> 6) << 2 | (packed_byte(word3, byte) >> 6) << 4;
  return index < 4u ? packed_byte(word3, byte) & 63 : upper;
}

// Of q6_k: the scale of 16 columns, -128 … 127, given the word of scales number index / 4.
TRITIUM_FUNCTION int packed_q6_k_scale(uint word, uint index) { return int(word << (24u - 8u * (index % 4u))) >> 24; }

// Value = step * (code - bias) - offset. What that is for a column takes up to four words of its block's scales,
// numbers packed_scale_word(…, 0) … (…, 3).
struct PackedScale {
  float step;
  float offset;
};
TRITIUM_FUNCTION uint packed_scale_word(uint dtype, uint column, uint i) {
  if (dtype == TRITIUM_DTYPE_Q4_K) return i;
  if (dtype == TRITIUM_DTYPE_Q6_K) return i == 0u ? column / 64u : 4u;
  return column / 64u;
}
TRITIUM_FUNCTION PackedScale packed_scale(uint dtype, uint column, uint word0, uint word1, uint word2, uint word3) {
  PackedScale scale;
  scale.offset = 0.0f;
  if (dtype == TRITIUM_DTYPE_Q4_K) {
    const uint part = column / 32u;
    TRITIUM_PRECISE float step = half_value(word0 & 0xFFFFu) * float(packed_q4_k_scale(word1, word2, part));
    TRITIUM_PRECISE float offset = half_value(word0 >> 16u) * float(packed_q4_k_minimum(word1, word2, word3, part));
    scale.step = step;
    scale.offset = offset;
  } else if (dtype == TRITIUM_DTYPE_Q6_K) {
    TRITIUM_PRECISE float step = half_value(word1) * float(packed_q6_k_scale(word0, column / 16u));
    scale.step = step;
  } else {
    scale.step = packed_small_scale(word0, column / 32u);
  }
  return scale;
}
TRITIUM_FUNCTION float packed_value(PackedScale scale, int integer) {
  TRITIUM_PRECISE float product = scale.step * float(integer);
  TRITIUM_PRECISE float value = product - scale.offset;
  return value;
}

// What a product of q4_k is: the sum of its scaled integers less that of its minima.
TRITIUM_FUNCTION float less_minima(float sum, float minima) {
  TRITIUM_PRECISE float difference = sum - minima;
  return difference;
}

TRITIUM_LIB_END

#endif
