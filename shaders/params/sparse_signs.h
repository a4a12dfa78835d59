#ifndef TRITIUM_PARAMS_SPARSE_SIGNS_H
#define TRITIUM_PARAMS_SPARSE_SIGNS_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct SparseSignsParams {
  uint n_rows;
  uint cols;        // a multiple of 64
  uint row_stride;  // elements, of parameter and y
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint n_groups;    // scales of a row
  uint group_size;  // columns that one covers: a multiple of 64 that divides cols
  float per_kept;   // 1 / number of signs that a scale covers
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(SparseSignsParams, 32)

TRITIUM_PARAMS_END

#endif
