#ifndef TRITIUM_PARAMS_STORE_KV_H
#define TRITIUM_PARAMS_STORE_KV_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct StoreKvParams {
  uint n_tokens;
  uint k_row;  // values in a row of k: n_kv_heads * key_dim
  uint v_row;
  uint position;  // row of the caches that token 0 goes to
};
TRITIUM_CHECK_SIZE(StoreKvParams, 16)

TRITIUM_PARAMS_END

#endif
