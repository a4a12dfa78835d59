// Attention whose keys are dealt out to several workgroups: each leaves, for each head, its sum of values, the largest
// score and the sum of exponentials, which is at least 1; then they are merged, one after the other
// (Milakov & Gimelshein 2018). A split that sees no key leaves zeros. Kernels that compute all splits themselves do it
// in the same order, so that a token's values do not depend on which kernel it came through.
#ifndef TRITIUM_LIB_SPLITS_H
#define TRITIUM_LIB_SPLITS_H

#include "portable.h"
#include "softmax.h"

TRITIUM_LIB_BEGIN

// Where the part of a head and a split begins: value_dim sums, the largest score, the sum of exponentials.
TRITIUM_FUNCTION uint part_of(uint head, uint split, uint n_splits, uint value_dim) {
  return (head * n_splits + split) * (value_dim + 2u);
}

// The largest score of a head so far, with a split's. 0 is the sum of no key; that of NaNs is not.
TRITIUM_FUNCTION float with_split(float largest, float score, float sum) {
  return sum == 0.0f || !(score > largest) ? largest : score;
}

// What a split's sums are multiplied with, once the largest score is known that it brings.
TRITIUM_FUNCTION float weight_of_split(float score, float sum, float largest) {
  return sum == 0.0f ? 0.0f : softmax_term(score, largest);
}

// A sum so far, and a split's, brought to one largest score.
TRITIUM_FUNCTION float merged_sum(float sum, float correction, float of_split, float weight) {
  TRITIUM_PRECISE float before = sum * correction;
  TRITIUM_PRECISE float added = of_split * weight;
  TRITIUM_PRECISE float merged = before + added;
  return merged;
}

TRITIUM_LIB_END

#endif
