// Words of 16 trits as Vulkan kernels keep them: code i, the trit + 1, at bit 8 (i % 4) + 2 (i / 4). Four neighbours
// lie in four bytes, so that four dot products of bytes multiply a word with 16 int8 values in their own order.
#ifndef TRITIUM_LIB_DEVICE_TRITS_H
#define TRITIUM_LIB_DEVICE_TRITS_H

#include "portable.h"

TRITIUM_LIB_BEGIN

TRITIUM_FUNCTION uint device_shift(uint index) { return 8u * (index & 3u) + 2u * (index >> 2u); }

TRITIUM_FUNCTION int device_code(uint word, uint index) { return int((word >> device_shift(index)) & 3u); }

TRITIUM_FUNCTION int device_trit(uint word, uint index) { return device_code(word, index) - 1; }

// A word of the order of files (TernaryMatrix::words: code i at bit 2 i) as kernels keep it, and back: a 4 x 4 matrix
// of codes, transposed.
TRITIUM_FUNCTION uint transposed_codes(uint word) {
  uint inner = (word ^ (word >> 6u)) & 0x00CC00CCu;
  word ^= inner ^ (inner << 6u);
  uint outer = (word ^ (word >> 12u)) & 0x0000F0F0u;
  return word ^ outer ^ (outer << 12u);
}

TRITIUM_LIB_END

#endif
