// Conversions between float and the 16-bit types, round to nearest even, exact for every value incl. NaN, Inf,
// subnormals.
#pragma once

#include <cstdint>

namespace tritium {

float f16_to_f32(uint16_t bits);
uint16_t f32_to_f16(float value);
float bf16_to_f32(uint16_t bits);
uint16_t f32_to_bf16(float value);

}  // namespace tritium
