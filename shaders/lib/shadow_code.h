// A parameter in training of one byte a weight: w = code * step, code = -127 … 127. What lies beyond saturates. Values
// of codes are written back as the same codes.
#ifndef TRITIUM_LIB_SHADOW_CODE_H
#define TRITIUM_LIB_SHADOW_CODE_H

#include "portable.h"

#define TRITIUM_MOST_SHADOW_CODE 127

TRITIUM_LIB_BEGIN

TRITIUM_FUNCTION float shadow_code_value(int code, float step) {
  TRITIUM_PRECISE float value = float(code) * step;
  return value;
}

// The largest code whose value is at most `magnitude`, which is below that of the last. A device's quotient may be off
// by its last bits, the result is not.
TRITIUM_FUNCTION int shadow_code_below(float magnitude, float step) {
  const int code = int(magnitude / step);
  if (shadow_code_value(code, step) > magnitude) return code - 1;
  return shadow_code_value(code + 1, step) <= magnitude ? code + 1 : code;
}

// To nearest, to even where two are.
TRITIUM_FUNCTION int shadow_code_nearest(float w, float step) {
  const float magnitude = abs(w);
  int code = TRITIUM_MOST_SHADOW_CODE;
  if (magnitude < shadow_code_value(code, step)) {
    code = shadow_code_below(magnitude, step);
    TRITIUM_PRECISE float above = magnitude - shadow_code_value(code, step);
    TRITIUM_PRECISE float left = shadow_code_value(code + 1, step) - magnitude;
    if (above > left || (above == left && (code & 1) == 1)) code += 1;
  }
  return w < 0.0f ? -code : code;
}

// Up or down in magnitude with probability proportional to the distance: unbiased. `random24`: 24 uniform bits, for
// with fewer an update far below a step would be taken too often, or never.
TRITIUM_FUNCTION int shadow_code_stochastic(float w, float step, uint random24) {
  const float magnitude = abs(w);
  int code = TRITIUM_MOST_SHADOW_CODE;
  if (magnitude < shadow_code_value(code, step)) {
    code = shadow_code_below(magnitude, step);
    TRITIUM_PRECISE float above = magnitude - shadow_code_value(code, step);
    TRITIUM_PRECISE float gap = shadow_code_value(code + 1, step) - shadow_code_value(code, step);
    TRITIUM_PRECISE float threshold = float(random24) * (1.0f / 16777216.0f) * gap;
    if (threshold < above) code += 1;
  }
  return w < 0.0f ? -code : code;
}

TRITIUM_LIB_END

#endif
