#ifndef TRITIUM_PARAMS_KL_DIVERGENCE_H
#define TRITIUM_PARAMS_KL_DIVERGENCE_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct KlDivergenceParams {
  uint n_rows;
  uint vocab_size;
  float temperature;
  float scale;
  uint with_gradient;
};
TRITIUM_CHECK_SIZE(KlDivergenceParams, 20)

TRITIUM_PARAMS_END

#endif
