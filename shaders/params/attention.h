#ifndef TRITIUM_PARAMS_ATTENTION_H
#define TRITIUM_PARAMS_ATTENTION_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct AttentionParams {
  uint n_tokens;
  uint n_heads;
  uint n_kv_heads;
  uint key_dim;
  uint value_dim;
  uint position;  // of token 0
  uint window;    // 0: all earlier keys
  float scale;
  uint capacity;     // rows of the caches
  uint n_sequences;  // that share tokens and rows equally
};
TRITIUM_CHECK_SIZE(AttentionParams, 40)

TRITIUM_PARAMS_END

#endif
