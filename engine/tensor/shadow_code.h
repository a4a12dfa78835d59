// Values of one byte with a step, as a parameter in training may have them (shaders/lib/shadow_code.h).
#pragma once

#include <cstdint>

namespace tritium {

inline constexpr int kMostShadowCode = 127;  // codes are -127 … 127

// value = code * step. To nearest; what lies beyond the codes becomes the last.
int8_t to_shadow_code(float value, float step);
float from_shadow_code(int8_t code, float step);

}  // namespace tritium
