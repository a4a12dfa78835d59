#ifndef TRITIUM_PARAMS_ATTENTION_BACKWARD_H
#define TRITIUM_PARAMS_ATTENTION_BACKWARD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct AttentionBackwardParams {
  uint n_sequences;
  uint sequence_length;
  uint n_heads;
  uint n_kv_heads;
  uint key_dim;
  uint value_dim;
  uint window;  // 0: all earlier keys
  float scale;
};
TRITIUM_CHECK_SIZE(AttentionBackwardParams, 32)

TRITIUM_PARAMS_END

#endif
