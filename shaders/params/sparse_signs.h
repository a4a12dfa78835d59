#ifndef TRITIUM_PARAMS_SPARSE_SIGNS_H
#define TRITIUM_PARAMS_SPARSE_SIGNS_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct SparseSignsParams {
  uint n_rows;
  uint cols;             // a multiple of 64
  ParameterPlane plane;  // the row stride is y's, too
  uint n_groups;         // scales of a row
  uint group_size;       // columns that one covers: a multiple of 64 that divides cols
  float per_kept;        // 1 / number of signs that a scale covers
  uint round_to_f16;
};
TRITIUM_CHECK_SIZE(SparseSignsParams, 36)

TRITIUM_PARAMS_END

#endif
