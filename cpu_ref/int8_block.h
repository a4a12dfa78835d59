// A block of floats as int8 codes and a scale. BitNet b1.58, section 2 (Ma et al. 2024).
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "shaders/lib/rounding.h"

namespace tritium::cpu_ref {

// Writes round(127 x / max |x|) to the first codes, and returns max |x| / 127.
inline float quantize_block(std::span<const float> x, std::span<int8_t> codes) {
  float largest = 0;
  for (const float value : x) {
    const float magnitude = std::abs(value);
    if (magnitude > largest || std::isnan(magnitude)) largest = magnitude;  // NaN stays
  }
  const bool zero = !(largest >= TRITIUM_SMALLEST_MAX);
  const float inverse = zero ? 0.0f : shader::exact_quotient(127, largest);
  for (size_t i = 0; i < x.size(); ++i)
    codes[i] = static_cast<int8_t>(zero ? 0 : shader::quantize_to_int8(x[i], inverse));
  return std::isnan(largest) ? NAN : zero ? 0.0f : shader::activation_scale(largest);
}

}  // namespace tritium::cpu_ref
