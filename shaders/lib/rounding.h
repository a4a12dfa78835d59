// Roundings that must give the same bits on every device, where GLSL's own division and conversion may not.
#ifndef TRITIUM_LIB_ROUNDING_H
#define TRITIUM_LIB_ROUNDING_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// Blocks whose largest magnitude is below this are quantised as zeros: the scale times that of an f16 weight, at least
// 2^-24, would come near the denormals, which devices may flush to zero.
#define TRITIUM_SMALLEST_MAX 1e-20f

// n / m, correctly rounded to nearest even, for 1 <= n < 2^24, TRITIUM_SMALLEST_MAX <= m <= n * 2^126. Vulkan allows a
// division 2.5 ULP of error, so this one is done in integers: with m = f * 2^e, 2^23 <= f < 2^24, the quotient n * 2^k
// / f is developed bit by bit to 24 bits, and the remainder decides the rounding.
TRITIUM_FUNCTION float exact_quotient(uint n, float m) {
  uint bits = floatBitsToUint(m);
  uint f = (bits & 0x7FFFFFu) | 0x800000u;
  int top = findMSB(n);
  uint numerator = n << uint(23 - top);
  int quotient_exponent = top + 127 - int((bits >> 23u) & 255u);
  if (numerator < f) {
    numerator <<= 1u;
    quotient_exponent -= 1;
  }
  uint quotient = 0u;
  uint remainder = numerator;
  for (int i = 0; i < 24; ++i) {
    quotient <<= 1u;
    if (remainder >= f) {
      remainder -= f;
      quotient |= 1u;
    }
    remainder <<= 1u;
  }
  // The loop left twice the remainder, so comparing it with f asks whether the part cut off is over half a unit.
  if (remainder > f || (remainder == f && (quotient & 1u) == 1u)) quotient += 1u;
  if (quotient == 0x1000000u) {
    quotient >>= 1u;
    quotient_exponent += 1;
  }
  return uintBitsToFloat((uint(quotient_exponent + 127) << 23u) | (quotient & 0x7FFFFFu));
}

// clip(round_half_even(x * inverse), -127, 127) as an int. Adding and subtracting 1.5 * 2^23 rounds to nearest even.
TRITIUM_FUNCTION int quantize_to_int8(float x, float inverse) {
  TRITIUM_PRECISE float scaled = x * inverse;
  if (!(scaled < 127.0f)) return 127;  // NaN too
  if (scaled <= -127.0f) return -127;
  TRITIUM_PRECISE float shifted = scaled + 12582912.0f;
  TRITIUM_PRECISE float rounded = shifted - 12582912.0f;
  return int(rounded);
}

// The scale that goes with exact_quotient(127, m).
TRITIUM_FUNCTION float activation_scale(float m) {
  TRITIUM_PRECISE float scale = m * (1.0f / 127.0f);
  return scale;
}

// The nearest value that an f16 holds, ties to even, of 0 <= value; infinity above 65519.
TRITIUM_FUNCTION float rounded_to_f16(float value) {
  // Below 2^-14 f16 has steps of 2^-24, which are also those of a float near 1/2.
  TRITIUM_PRECISE float shifted = value + 0.5f;
  TRITIUM_PRECISE float subnormal = shifted - 0.5f;
  if (value < 6.103515625e-5f) return subnormal;
  uint bits = floatBitsToUint(value);
  bits = (bits + 0xFFFu + ((bits >> 13u) & 1u)) & ~0x1FFFu;
  return uintBitsToFloat(bits >= 0x47800000u ? 0x7F800000u : bits);
}

// The f16 that is nearest to value, ties to even, as its 16 bits. What is larger in magnitude than the largest f16
// becomes that, 65504; a NaN stays one. In integers: Vulkan lets a device choose how its own conversion rounds.
TRITIUM_FUNCTION uint f16_bits(float value) {
  uint bits = floatBitsToUint(value);
  uint sign = (bits >> 16u) & 0x8000u;
  uint magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return sign | 0x7E00u;
  if (magnitude > 0x477FE000u) return sign | 0x7BFFu;
  uint mantissa = magnitude & 0x7FFFFFu;
  int exponent = int(magnitude >> 23u) - 112;  // of the f16
  uint cut = 13u;                              // bits that it has no room for
  if (exponent <= 0) {
    mantissa |= 0x800000u;
    cut = uint(14 - exponent);
    exponent = 0;
  }
  if (cut > 24u) return sign;
  // A mantissa that rounds up to the next power of two carries into the exponent.
  uint rounded = (mantissa + (1u << (cut - 1u)) - 1u + ((mantissa >> cut) & 1u)) >> cut;
  return sign | ((uint(exponent) << 10u) + rounded);
}

TRITIUM_LIB_END

#endif
