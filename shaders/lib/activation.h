// The gate functions of gated linear units.
#ifndef TRITIUM_LIB_ACTIVATION_H
#define TRITIUM_LIB_ACTIVATION_H

#include "portable.h"

TRITIUM_LIB_BEGIN

// x * sigmoid(x). Below -87 exp(-x) nears the end of the float range, and the result (-1.4e-36 there) is as good as 0.
TRITIUM_FUNCTION float silu(float x) {
  if (x < -87.0f) return -0.0f;
  return x / (1.0f + exp(-x));
}

// 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3), written with exp: 1 + tanh(u) = 2 / (1 + exp(-2u)).
// Beyond 10 it has reached its limits x and -0 to the last bit, and x^3 need not be formed.
TRITIUM_FUNCTION float gelu_tanh(float x) {
  if (x > 10.0f) return x;
  if (x < -10.0f) return -0.0f;
  float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
  return x / (1.0f + exp(-2.0f * u));
}

TRITIUM_FUNCTION float relu2(float x) { return x > 0.0f ? x * x : 0.0f; }

// act(min(gate, clamp_at)) * clip(up, -clamp_at, clamp_at); clamp_at 0: no clamp. activation: GateActivation.
TRITIUM_FUNCTION float gate_value(float gate, float up, uint activation, float clamp_at) {
  if (clamp_at > 0.0f) {
    gate = gate > clamp_at ? clamp_at : gate;
    up = up > clamp_at ? clamp_at : (up < -clamp_at ? -clamp_at : up);
  }
  if (activation == 0u) return silu(gate) * up;
  if (activation == 1u) return gelu_tanh(gate) * up;
  return relu2(gate) * up;
}

TRITIUM_LIB_END

#endif
