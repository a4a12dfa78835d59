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

// (max(x, 0) + 0.5 min(x, 0))^2
TRITIUM_FUNCTION float leaky_relu2(float x) { return x > 0.0f ? x * x : 0.25f * x * x; }

// Their derivatives. With s = sigmoid(x): s (1 + x (1 - s)), and 1 - s = exp(-x) s keeps its precision near 1.
TRITIUM_FUNCTION float silu_slope(float x) {
  if (x < -87.0f) return 0.0f;
  float e = exp(-x);
  float s = 1.0f / (1.0f + e);
  return s + x * s * (e * s);
}

// With s = sigmoid(2u), so that gelu = x s: s + x 2 s (1 - s) u'.
TRITIUM_FUNCTION float gelu_tanh_slope(float x) {
  if (x > 10.0f) return 1.0f;
  if (x < -10.0f) return 0.0f;
  float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
  float du = 0.7978845608028654f * (1.0f + 0.134145f * x * x);
  float e = exp(-2.0f * u);
  float s = 1.0f / (1.0f + e);
  return s + 2.0f * x * s * (e * s) * du;
}

TRITIUM_FUNCTION float relu2_slope(float x) { return x > 0.0f ? 2.0f * x : 0.0f; }

TRITIUM_FUNCTION float leaky_relu2_slope(float x) { return x > 0.0f ? 2.0f * x : 0.5f * x; }

// activation: GateActivation.
TRITIUM_FUNCTION float activated(float x, uint activation) {
  if (activation == 0u) return silu(x);
  if (activation == 1u) return gelu_tanh(x);
  return activation == 2u ? relu2(x) : leaky_relu2(x);
}

TRITIUM_FUNCTION float activation_slope(float x, uint activation) {
  if (activation == 0u) return silu_slope(x);
  if (activation == 1u) return gelu_tanh_slope(x);
  return activation == 2u ? relu2_slope(x) : leaky_relu2_slope(x);
}

// clip(up, -clamp_at, clamp_at); clamp_at 0: no clamp.
TRITIUM_FUNCTION float clamped_up(float up, float clamp_at) {
  if (!(clamp_at > 0.0f)) return up;
  return up > clamp_at ? clamp_at : (up < -clamp_at ? -clamp_at : up);
}

TRITIUM_FUNCTION float clamped_gate(float gate, float clamp_at) {
  return clamp_at > 0.0f && gate > clamp_at ? clamp_at : gate;
}

// act(min(gate, clamp_at)) * clip(up, -clamp_at, clamp_at).
TRITIUM_FUNCTION float gate_value(float gate, float up, uint activation, float clamp_at) {
  return activated(clamped_gate(gate, clamp_at), activation) * clamped_up(up, clamp_at);
}

// Its derivatives; 0 beyond the clamp.
TRITIUM_FUNCTION float slope_in_gate(float gate, float up, uint activation, float clamp_at) {
  if (clamp_at > 0.0f && gate > clamp_at) return 0.0f;
  return activation_slope(gate, activation) * clamped_up(up, clamp_at);
}

TRITIUM_FUNCTION float slope_in_up(float gate, float up, uint activation, float clamp_at) {
  if (clamp_at > 0.0f && abs(up) > clamp_at) return 0.0f;
  return activated(clamped_gate(gate, clamp_at), activation);
}

TRITIUM_LIB_END

#endif
