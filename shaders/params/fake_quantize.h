#ifndef TRITIUM_PARAMS_FAKE_QUANTIZE_H
#define TRITIUM_PARAMS_FAKE_QUANTIZE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct FakeQuantizeParams {
  uint n_rows;
  uint cols;
  uint row_stride;  // elements, of parameter and y
  uint dtype;       // of the parameter: TRITIUM_DTYPE_F32 or BF16
  uint quantizer;   // 0 ternary, else qmax of a row-wise integer: 127, 31, 15, 7
  uint n_alpha;     // ternary: scales, each for an equal part of the rows and groups
  uint n_groups;    // ternary: scale groups in a row
  uint group_size;  // ternary: columns a group covers
  float lambda;
};
TRITIUM_CHECK_SIZE(FakeQuantizeParams, 36)

TRITIUM_PARAMS_END

#endif
