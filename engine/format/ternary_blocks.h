// Blocks of ternary formats <-> codes. A code is trit + 1: 0, 1, 2; the 2-bit formats can also hold 3, which means +2
// and is not ternary.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/storage_type.h"

namespace tritium {

inline constexpr int kMaxTernaryBlock = 256;

// `codes` has room for the block's elements. Returns the block's scale. Not for i2_s, whose scale is the tensor's.
float decode_ternary_block(StorageType type, const uint8_t* block, uint8_t* codes);
// `scale` is the bits of an f16. q1_0 holds codes 0 and 2 only.
void encode_ternary_block(StorageType type, const uint8_t* codes, uint16_t scale, uint8_t* block);

// i2_s: 128 codes in 32 bytes. `interleave_64`: two runs of 64 codes in 16 bytes, as Arm builds write.
void decode_i2s_unit(const uint8_t* bytes, bool interleave_64, uint8_t* codes);
void encode_i2s_unit(const uint8_t* codes, uint8_t* bytes);

}  // namespace tritium
