#ifndef TRITIUM_PARAMS_FAKE_QUANTIZE_H
#define TRITIUM_PARAMS_FAKE_QUANTIZE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct FakeQuantizeParams {
  uint n_rows;
  uint cols;
  uint row_stride;  // elements, of parameter and y
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint quantizer;   // 0 ternary, else qmax of an integer: 127, 31, 15, 7
  uint n_alpha;     // scales, each for an equal part of the rows and groups; 0: nothing is quantised
  uint n_groups;    // scale groups in a row
  uint group_size;  // columns a group covers
  float lambda;
  uint own_bound;   // trits are rounded by bounds of their own, not by alpha
  uint own_source;  // what is quantised is not the parameter
};
TRITIUM_CHECK_SIZE(FakeQuantizeParams, 44)

TRITIUM_PARAMS_END

#endif
