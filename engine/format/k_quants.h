// Floats as small integers with scales: Q4_0, Q4_K and Q6_K, whose scales are searched for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/storage_type.h"
#include "tritium/status.hpp"

namespace tritium {

// 32 values: an f16 scale, 16 bytes of nibbles; value = d (q - 8).
void encode_q4_0(const float* values, uint8_t* block);
// 256 values in 144 bytes; value = d scale q - dmin minimum, of each 32.
void encode_q4_k(const float* values, uint8_t* block);
// 256 values in 210 bytes; value = d scale (q - 32), of each 16.
void encode_q6_k(const float* values, uint8_t* block);

// encode_f32, and the three above as well.
Result<std::vector<std::byte>> encode_values(std::span<const float> values, std::span<const int64_t> shape,
                                             StorageType type);

}  // namespace tritium
