#ifndef TRITIUM_PARAMS_GROUP_ROWS_H
#define TRITIUM_PARAMS_GROUP_ROWS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct GroupRowsParams {
  uint n_slots;  // tokens x top_k
  uint n_experts;
  uint tile;     // slots in a full tile
  uint n_tiles;  // rows of `tiles`, unused ones included
};
TRITIUM_CHECK_SIZE(GroupRowsParams, 16)

TRITIUM_PARAMS_END

#endif
