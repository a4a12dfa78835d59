// Blocks, of which the tensors of a file are made, and what they hold.
#pragma once

#include <cstdint>
#include <cstring>

#include "format/codec.h"

namespace tritium {

inline uint16_t load_u16(const uint8_t* p) {
  uint16_t value = 0;
  std::memcpy(&value, p, 2);
  return value;
}

// ---- ternary formats <-> codes. A code is trit + 1: 0, 1, 2; the 2-bit formats can also hold 3, which means +2 and is
// not ternary.

inline constexpr int kMaxTernaryBlock = 256;

// `codes` has room for the block's elements. Returns the block's scale. Not for i2_s, whose scale is the tensor's.
float decode_ternary_block(StorageType type, const uint8_t* block, uint8_t* codes);
// `scale` is the bits of an f16. q1_0 holds codes 0 and 2 only.
void encode_ternary_block(StorageType type, const uint8_t* codes, uint16_t scale, uint8_t* block);

// The elements of a block of any ternary type; of i2_s, of a unit.
inline int64_t ternary_block_elements(StorageType type) {
  return type == StorageType::i2_s ? kI2sUnit : traits_of(type).block_elements;
}
// What stq1_0 can hold: of the trits 64 i + j, 64 i + j + 16, + 32 and + 48 (j < 16) exactly one is 0.
bool has_one_zero_in_four(const uint8_t* codes);

// i2_s: 128 codes in 32 bytes. `interleave_64`: two runs of 64 codes in 16 bytes, as Arm builds write.
void decode_i2s_unit(const uint8_t* bytes, bool interleave_64, uint8_t* codes);
void encode_i2s_unit(const uint8_t* codes, uint8_t* bytes);

// ---- f32 -> floating-point formats

// f32, f16, bf16, q8_0.
void encode_dense_block(StorageType type, const float* values, uint8_t* block);

}  // namespace tritium
