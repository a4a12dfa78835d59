// How a parameter is written back after an update: part of the push constants of every optimiser.
#ifndef TRITIUM_PARAMS_SHADOW_H
#define TRITIUM_PARAMS_SHADOW_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct ShadowParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;
  uint stochastic;  // rounding to bf16 or codes: 0 nearest even, 1 stochastic
  // Random numbers are a function of these three and the element's index in (n_rows, cols).
  uint seed;
  uint step;
  uint stream;        // a number for each parameter
  float noise_scale;  // boundary noise: standard deviation / alpha; 0: none
  float noise_zone;   // |w| / alpha within this of 0.5
  float clip;         // gradients of weights beyond clip * alpha are 0; 0: none are
  uint n_alpha;       // scales, each for an equal part of the rows and groups
  uint n_groups;      // scale groups in a row
  uint group_size;    // columns a group covers
  uint with_sums;     // write the sums of |w|
  uint with_weight;   // repack the trits
  uint padded_cols;   // of the packed trits
  uint n_scales;      // in a packed row, groups of padding alone included
  uint count_flips;
  uint rows_per_matrix;  // each matrix has a number of uses; 0: none has one, all were used
};
TRITIUM_CHECK_SIZE(ShadowParams, 84)

TRITIUM_PARAMS_END

#endif
