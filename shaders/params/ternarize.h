#ifndef TRITIUM_PARAMS_TERNARIZE_H
#define TRITIUM_PARAMS_TERNARIZE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct TernarizeParams {
  uint n_rows;
  uint cols;
  uint row_stride;   // elements, of the parameter
  uint padded_cols;  // of the packed trits
  uint dtype;        // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint n_alpha;      // scales, each for an equal part of the rows and groups
  uint n_groups;     // scale groups in a row
  uint group_size;   // columns a group covers
  uint n_scales;     // in a packed row, groups of padding alone included
  uint count_flips;
  uint own_bound;  // trits are rounded by bounds of their own, not by alpha
};
TRITIUM_CHECK_SIZE(TernarizeParams, 44)

TRITIUM_PARAMS_END

#endif
