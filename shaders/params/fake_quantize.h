#ifndef TRITIUM_PARAMS_FAKE_QUANTIZE_H
#define TRITIUM_PARAMS_FAKE_QUANTIZE_H

#include "parameter_plane.h"

TRITIUM_PARAMS_BEGIN

struct FakeQuantizeParams {
  uint n_rows;
  uint cols;
  ParameterPlane plane;  // the row stride is y's, too
  uint quantizer;        // 0 ternary, else qmax of an integer: 127, 31, 15, 7
  uint n_alpha;          // scales, each for an equal part of the rows and groups; 0: nothing is quantised
  uint n_groups;         // scale groups in a row
  uint group_size;       // columns a group covers
  float lambda;
  uint own_bound;   // trits are rounded by bounds of their own, not by alpha
  uint own_source;  // what is quantised is not the parameter
};
TRITIUM_CHECK_SIZE(FakeQuantizeParams, 48)

TRITIUM_PARAMS_END

#endif
