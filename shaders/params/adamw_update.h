#ifndef TRITIUM_PARAMS_ADAMW_UPDATE_H
#define TRITIUM_PARAMS_ADAMW_UPDATE_H

#include "shadow.h"

TRITIUM_PARAMS_BEGIN

struct AdamwUpdateParams {
  ShadowParams shadow;
  float learning_rate;
  float beta1;
  float beta2;
  float eps;
  float weight_decay;
  float correction1;  // 1 / (1 - beta1^t)
  float correction2;  // 1 / (1 - beta2^t)
  float gradient_scale;
  uint states_8bit;  // m and v are blocks of 256 codes and a scale
};
TRITIUM_CHECK_SIZE(AdamwUpdateParams, 120)

TRITIUM_PARAMS_END

#endif
