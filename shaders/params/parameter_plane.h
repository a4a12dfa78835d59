// How the values of a parameter in training are stored: part of the push constants of every operation that reads one.
#ifndef TRITIUM_PARAMS_PARAMETER_PLANE_H
#define TRITIUM_PARAMS_PARAMETER_PLANE_H

#include "dtype.h"
#include "types.h"

TRITIUM_PARAMS_BEGIN

struct ParameterPlane {
  uint row_stride;  // elements
  uint dtype;       // TRITIUM_DTYPE_F32, BF16 or I8
  float code_step;  // of I8: a value is code * code_step (lib/shadow_code.h)
};
TRITIUM_CHECK_SIZE(ParameterPlane, 12)

TRITIUM_PARAMS_END

#endif
