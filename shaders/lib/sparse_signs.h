// 3:4 sparsity: which of four weights is dropped, and what the others are.
#ifndef TRITIUM_LIB_SPARSE_SIGNS_H
#define TRITIUM_LIB_SPARSE_SIGNS_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// Of equal magnitudes the first.
TRITIUM_FUNCTION uint least_of_four(float a, float b, float c, float d) {
  uint which = 0u;
  float least = abs(a);
  if (abs(b) < least) {
    which = 1u;
    least = abs(b);
  }
  if (abs(c) < least) {
    which = 2u;
    least = abs(c);
  }
  if (abs(d) < least) which = 3u;
  return which;
}

// The magnitudes of the other three.
TRITIUM_FUNCTION float sum_but_least(float a, float b, float c, float d) {
  const uint dropped = least_of_four(a, b, c, d);
  TRITIUM_PRECISE float first = (dropped == 0u ? 0.0f : abs(a)) + (dropped == 1u ? 0.0f : abs(b));
  TRITIUM_PRECISE float second = (dropped == 2u ? 0.0f : abs(c)) + (dropped == 3u ? 0.0f : abs(d));
  TRITIUM_PRECISE float sum = first + second;
  return sum;
}

TRITIUM_LIB_END

#endif
