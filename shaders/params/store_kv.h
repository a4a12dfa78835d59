#ifndef TRITIUM_PARAMS_STORE_KV_H
#define TRITIUM_PARAMS_STORE_KV_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct StoreKvParams {
  uint n_tokens;
  uint n_kv_heads;
  uint key_dim;
  uint value_dim;
  uint cache_dtype;  // TRITIUM_DTYPE_F32, F16 or I8
};
TRITIUM_CHECK_SIZE(StoreKvParams, 20)

TRITIUM_PARAMS_END

#endif
