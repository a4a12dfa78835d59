#ifndef TRITIUM_PARAMS_STORE_KV_H
#define TRITIUM_PARAMS_STORE_KV_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct StoreKvParams {
  uint n_tokens;
  uint k_row;  // values in a row of k: n_kv_heads * key_dim
  uint v_row;
};
TRITIUM_CHECK_SIZE(StoreKvParams, 12)

TRITIUM_PARAMS_END

#endif
