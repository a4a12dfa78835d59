#ifndef TRITIUM_PARAMS_ATTENTION_STEP_H
#define TRITIUM_PARAMS_ATTENTION_STEP_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct AttentionStepParams {
  uint n_heads;
  uint n_kv_heads;
  uint key_dim;
  uint value_dim;
  uint window;  // 0: all earlier keys
  float scale;
  uint cache_dtype;  // TRITIUM_DTYPE_F32, F16 or I8
  uint n_splits;     // parts that the keys are dealt out to
  uint split_keys;   // that a split sees
  uint n_rotated;    // leading values of a head that are rotated; 0: none
  uint pairing;      // 0 interleaved, 1 halves
  uint with_norm;
  uint norm_after_rope;
  float eps;
};
TRITIUM_CHECK_SIZE(AttentionStepParams, 56)

TRITIUM_PARAMS_END

#endif
