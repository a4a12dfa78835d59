#ifndef TRITIUM_PARAMS_TERNARIZE_H
#define TRITIUM_PARAMS_TERNARIZE_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct TernarizeParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;
  uint padded_cols;  // of the packed trits
  uint n_alpha;      // scales, each for an equal part of the rows and groups
  uint n_groups;     // scale groups in a row
  uint group_size;   // columns a group covers
  uint n_scales;     // in a packed row, groups of padding alone included
  uint count_flips;
  uint own_bound;  // trits are rounded by bounds of their own, not by alpha
};
TRITIUM_CHECK_SIZE(TernarizeParams, 48)

TRITIUM_PARAMS_END

#endif
