// The one exponential of a softmax.
#ifndef TRITIUM_LIB_SOFTMAX_H
#define TRITIUM_LIB_SOFTMAX_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// exp(score - largest) for score <= largest. Below -87 the result would leave the normal range, where devices differ:
// it is 0, which beside the largest's 1 is nothing. So infinite gaps (scores of -infinity, of +-1e38) are safe too.
TRITIUM_FUNCTION float softmax_term(float score, float largest) {
  float gap = score - largest;
  if (gap < -87.0f) return 0.0f;
  return exp(gap);
}

// A score within what differences of scores can hold: products of large values may have overflowed.
TRITIUM_FUNCTION float bounded_score(float score) {
  const float bound = 1.5e38f;
  return score > bound ? bound : (score < -bound ? -bound : score);
}

TRITIUM_LIB_END

#endif
