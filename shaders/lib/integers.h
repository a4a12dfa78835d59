// Weights as integers with a scale: w is s times clip(round_half_even(w / s), -qmax, qmax), qmax one of 127, 31, 15, 7.
// Both ends are alike: with -qmax - 1, the steps of two's complement, a clipped row would have a mean of its own.
#ifndef TRITIUM_LIB_INTEGERS_H
#define TRITIUM_LIB_INTEGERS_H

#include "portable.h"
#include "rounding.h"

TRITIUM_LIB_BEGIN

#define TRITIUM_SMALLEST_F16 5.9604644775390625e-8f  // 2^-24

// inverse = exact_quotient(1, s): a product of 24 bits, so that every device has the same code. Of s times a code that
// is the code again.
TRITIUM_FUNCTION int quantize_to_integer(float w, float inverse, int qmax) {
  const float most = float(qmax);
  TRITIUM_PRECISE float scaled = w * inverse;
  if (!(scaled < most)) return qmax;  // NaN too
  if (scaled <= -most) return -qmax;
  TRITIUM_PRECISE float shifted = scaled + 12582912.0f;
  TRITIUM_PRECISE float rounded = shifted - 12582912.0f;
  return int(rounded);
}

// The scale with which m is the largest code: m / qmax, by constants that a compiler divides, not a device.
TRITIUM_FUNCTION float integer_scale(float m, int qmax) {
  const float unit =
      qmax == 127 ? 1.0f / 127.0f : (qmax == 31 ? 1.0f / 31.0f : (qmax == 15 ? 1.0f / 15.0f : 1.0f / 7.0f));
  TRITIUM_PRECISE float scale = m * unit;
  return scale;
}

// The same as it is stored: 0 of an m below TRITIUM_SMALLEST_MAX. As F16 at least its smallest and at most its largest
// number, so that a row of small weights neither vanishes nor is divided by 0.
TRITIUM_FUNCTION float stored_integer_scale(float m, int qmax, bool round_to_f16) {
  if (!(m >= TRITIUM_SMALLEST_MAX)) return 0.0f;
  const float scale = integer_scale(m, qmax);
  if (!round_to_f16) return scale;
  const float rounded = rounded_to_f16(scale);
  return rounded < TRITIUM_SMALLEST_F16 ? TRITIUM_SMALLEST_F16 : (rounded > 65504.0f ? 65504.0f : rounded);
}

TRITIUM_FUNCTION float inverse_of_scale(float scale) {
  return scale >= TRITIUM_SMALLEST_MAX / 128.0f ? exact_quotient(1u, scale) : 0.0f;
}

// (w - s code)^2 in units of 1 / per_unit^2, in which it neither overflows nor vanishes.
TRITIUM_FUNCTION float integer_error(float w, float scale, float inverse, int qmax, float per_unit) {
  TRITIUM_PRECISE float back = scale * float(quantize_to_integer(w, inverse, qmax));
  TRITIUM_PRECISE float difference = (w - back) * per_unit;
  TRITIUM_PRECISE float square = difference * difference;
  return square;
}

// Clip search tries these quantiles of |w|: all of it, then what leaves out 1, 10, 50 and 100 of 100,000.
#define TRITIUM_N_CLIPS 5
TRITIUM_FUNCTION uint clipped_of_100000(uint clip) {
  return clip == 0u ? 0u : (clip == 1u ? 1u : (clip == 2u ? 10u : (clip == 3u ? 50u : 100u)));
}

// A quantile lies between the values of ranks `rank` and rank + 1, counted from the largest, linearly: `fraction` from
// the first. In integers up to 2^25 values.
TRITIUM_FUNCTION uint rank_of_clip(uint n, uint clip) { return (n - 1u) * clipped_of_100000(clip) / 100000u; }
TRITIUM_FUNCTION float fraction_of_clip(uint n, uint clip) {
  TRITIUM_PRECISE float fraction = float((n - 1u) * clipped_of_100000(clip) % 100000u) * 1e-5f;
  return fraction;
}
TRITIUM_FUNCTION float between_ranks(float upper, float lower, float fraction) {
  TRITIUM_PRECISE float gap = upper - lower;
  TRITIUM_PRECISE float part = gap * fraction;
  TRITIUM_PRECISE float value = upper - part;
  return value;
}

TRITIUM_LIB_END

#endif
