// Packed trits and the order in which their sums are scaled.
#ifndef TRITIUM_LIB_TERNARY_H
#define TRITIUM_LIB_TERNARY_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// Code number `index` (0..15) of a word of 2-bit codes: trit + 1.
TRITIUM_FUNCTION int unpack_code(uint word, uint index) { return int((word >> (2u * index)) & 3u); }

// The trit itself: -1, 0 or +1.
TRITIUM_FUNCTION int unpack_trit(uint word, uint index) { return unpack_code(word, index) - 1; }

// The quantiser: clip(round_half_even(w / alpha), -1, 1), without the division. A tie goes to 0, so the trit is not 0
// where |w| > alpha / 2; doubling is exact. The one definition that storage, forward pass, update and export use.
TRITIUM_FUNCTION int ternary_trit(float w, float alpha) {
  if (!(alpha > 0.0f)) return 0;
  return int(2.0f * w > alpha) - int(2.0f * w < -alpha);
}

// A trit whose weight, alpha times it, should change by `change`: rounded up or down to a trit with probability
// proportional to the distance, so that the expected change is the wanted one, except beyond -1 and +1. Without a
// division, so that every device gets the same trit. `random24`: 24 uniform bits.
TRITIUM_FUNCTION int flipped_trit(int trit, float change, float alpha, uint random24) {
  if (!(alpha > 0.0f)) return trit;
  float rest = abs(change);
  int steps = 0;
  if (rest >= alpha) {
    rest -= alpha;
    steps = rest >= alpha ? 2 : 1;  // two steps reach the end from anywhere
  }
  TRITIUM_PRECISE float threshold = float(random24) * alpha;
  steps += int(threshold < rest * 16777216.0f);
  const int flipped = change < 0.0f ? trit - steps : trit + steps;
  return flipped < -1 ? -1 : (flipped > 1 ? 1 : flipped);
}

// Signed byte number `index` (0..3) of a word.
TRITIUM_FUNCTION int unpack_i8(uint word, uint index) { return int(word << (24u - 8u * index)) >> 24; }

// One segment's contribution to an output of ternary_matmul. Every backend adds these up, segment after segment in
// ascending order from accumulator 0: it is what makes their results equal to the bit.
TRITIUM_FUNCTION float segment_term(int integer_sum, float weight_scale, float activation_scale) {
  TRITIUM_PRECISE float scale = weight_scale * activation_scale;
  TRITIUM_PRECISE float term = scale * float(integer_sum);
  return term;
}
TRITIUM_FUNCTION float accumulate_segment(float accumulator, int integer_sum, float weight_scale,
                                          float activation_scale) {
  TRITIUM_PRECISE float sum = accumulator + segment_term(integer_sum, weight_scale, activation_scale);
  return sum;
}

TRITIUM_LIB_END

#endif
