// 8-bit optimiser states: blocks of TRITIUM_MOMENT_BLOCK values of a row share a scale, their largest magnitude S.
// Codes are spaced like a power of the value, so that small values keep a relative precision (the reason for the
// dynamic code of Dettmers et al. 2021, "8-bit Optimizers via Block-wise Quantization"):
//   m = S sign(c) (c / 127)^2,  c = -127 … 127        v = S (c / 255)^4,  c = 0 … 255
// Codes are rounded stochastically: v moves by 0.1 % a step, less than a code, and would stand still if rounded to
// nearest.
#ifndef TRITIUM_LIB_MOMENTS_H
#define TRITIUM_LIB_MOMENTS_H

#include "portable.h"

#define TRITIUM_MOMENT_BLOCK 256

TRITIUM_LIB_BEGIN

TRITIUM_FUNCTION float decode_first_moment(int code, float scale) {
  float root = float(code) * (1.0f / 127.0f);
  return scale * root * abs(root);
}

TRITIUM_FUNCTION float decode_second_moment(int code, float scale) {
  float root = float(code) * (1.0f / 255.0f);
  float square = root * root;
  return scale * square * square;
}

// The code below or the one above with probability proportional to the distance in value: unbiased. `random16`: 16
// random bits.
TRITIUM_FUNCTION int encode_first_moment(float m, float scale, uint random16) {
  if (!(scale > 0.0f)) return 0;
  float magnitude = abs(m);
  int code = int(min(floor(127.0f * sqrt(magnitude / scale)), 126.0f));
  float low = decode_first_moment(code, scale);
  float high = decode_first_moment(code + 1, scale);
  if (float(random16 & 0xFFFFu) * (1.0f / 65536.0f) * (high - low) < magnitude - low) code += 1;
  return m < 0.0f ? -code : code;
}

TRITIUM_FUNCTION int encode_second_moment(float v, float scale, uint random16) {
  if (!(scale > 0.0f)) return 0;
  int code = int(min(floor(255.0f * sqrt(sqrt(v / scale))), 254.0f));
  float low = decode_second_moment(code, scale);
  float high = decode_second_moment(code + 1, scale);
  if (float(random16 & 0xFFFFu) * (1.0f / 65536.0f) * (high - low) < v - low) code += 1;
  return code;
}

TRITIUM_LIB_END

#endif
