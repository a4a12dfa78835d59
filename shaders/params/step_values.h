// The numbers of a training step, in a buffer: a Program is recorded once, these change from run to run.
#ifndef TRITIUM_PARAMS_STEP_VALUES_H
#define TRITIUM_PARAMS_STEP_VALUES_H

#include "types.h"

TRITIUM_PARAMS_BEGIN

struct StepValues {
  uint step;  // of random numbers
  float learning_rate;
  float correction1;  // of Adam: 1 / (1 - beta1^step)
  float correction2;
  float gradient_scale;  // of the updates: what clipping leaves
  float noise_scale;
  float lambda;      // how far weights have hardened
  float loss_scale;  // 1 / scored tokens
  float momentum;    // of SGD and Muon
  float weight_decay;
};
TRITIUM_CHECK_SIZE(StepValues, 40)

// Which of them a ScaledAdd multiplies its numbers with: b_scale, and in a momentum a_scale by the momentum itself.
#define TRITIUM_STEP_NOTHING 0
#define TRITIUM_STEP_MOMENTUM 1
#define TRITIUM_STEP_LOSS_SCALE 2

TRITIUM_PARAMS_END

#endif
