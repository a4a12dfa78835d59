// What the numbers of a training step do to those of an operation that was recorded without them: factors of the step,
// times what the operation has of its own (1, or a parameter's relative learning rate); steps are added.
#ifndef TRITIUM_LIB_STEP_H
#define TRITIUM_LIB_STEP_H

#include "../params/adamw_update.h"
#include "../params/cross_entropy.h"
#include "../params/factored_direction.h"
#include "../params/fake_quantize.h"
#include "../params/flip_trits.h"
#include "../params/kl_divergence.h"
#include "../params/scaled_add.h"
#include "../params/sgd_update.h"
#include "../params/step_values.h"
#include "portable.h"

TRITIUM_LIB_BEGIN

TRITIUM_FUNCTION ShadowParams at_step(ShadowParams p, StepValues now) {
  p.step += now.step;
  p.noise_scale *= now.noise_scale;
  return p;
}

TRITIUM_FUNCTION AdamwUpdateParams at_step(AdamwUpdateParams p, StepValues now) {
  p.shadow = at_step(p.shadow, now);
  p.learning_rate *= now.learning_rate;
  p.correction1 *= now.correction1;
  p.correction2 *= now.correction2;
  p.gradient_scale *= now.gradient_scale;
  p.weight_decay *= now.weight_decay;
  return p;
}

TRITIUM_FUNCTION FactoredDirectionParams at_step(FactoredDirectionParams p, StepValues now) {
  p.correction2 *= now.correction2;
  p.gradient_scale *= now.gradient_scale;
  return p;
}

TRITIUM_FUNCTION SgdUpdateParams at_step(SgdUpdateParams p, StepValues now) {
  p.shadow = at_step(p.shadow, now);
  p.learning_rate *= now.learning_rate;
  if (p.scaled_by_step == 1u) p.gradient_scale *= now.gradient_scale;
  p.momentum *= now.momentum;
  p.weight_decay *= now.weight_decay;
  return p;
}

TRITIUM_FUNCTION FlipTritsParams at_step(FlipTritsParams p, StepValues now) {
  p.step += now.step;
  return p;
}

TRITIUM_FUNCTION FakeQuantizeParams at_step(FakeQuantizeParams p, StepValues now) {
  p.lambda *= now.lambda;
  return p;
}

TRITIUM_FUNCTION CrossEntropyParams at_step(CrossEntropyParams p, StepValues now) {
  p.scale *= now.loss_scale;
  return p;
}

TRITIUM_FUNCTION KlDivergenceParams at_step(KlDivergenceParams p, StepValues now) {
  p.scale *= now.loss_scale;
  return p;
}

TRITIUM_FUNCTION ScaledAddParams at_step(ScaledAddParams p, StepValues now) {
  if (p.step_factor == TRITIUM_STEP_MOMENTUM) {
    p.a_scale *= now.momentum;
    p.b_scale *= now.gradient_scale;
  }
  if (p.step_factor == TRITIUM_STEP_LOSS_SCALE) p.b_scale *= now.loss_scale;
  return p;
}

TRITIUM_LIB_END

#endif
