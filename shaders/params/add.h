#ifndef TRITIUM_PARAMS_ADD_H
#define TRITIUM_PARAMS_ADD_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct AddParams {
  uint n_values;
};
TRITIUM_CHECK_SIZE(AddParams, 4)

TRITIUM_PARAMS_END

#endif
