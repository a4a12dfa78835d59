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
  uint window;  // 0: all earlier keys
  float scale;
  uint cache_dtype;  // TRITIUM_DTYPE_F32, F16 or I8
  uint split_keys;   // that a split sees (lib/splits.h)
};
TRITIUM_CHECK_SIZE(AttentionParams, 36)

TRITIUM_PARAMS_END

#endif
