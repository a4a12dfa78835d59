// Blocks of floating-point and k-quant formats <-> f32.
#pragma once

#include <cstdint>

#include "format/storage_type.h"

namespace tritium {

inline constexpr int kMaxDenseBlock = 256;

// f32, f16, bf16, q8_0, q4_k, q6_k. `values` has room for the block's elements.
void decode_dense_block(StorageType type, const uint8_t* block, float* values);
// f32, f16, bf16, q8_0.
void encode_dense_block(StorageType type, const float* values, uint8_t* block);

}  // namespace tritium
