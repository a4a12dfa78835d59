// y = w + lambda (quantised(w) - w): alpha times trit, or for integers as quantize_to_integer in
// lib/rounding.h.
//   parameter: f32 or bf16 [n_rows, row_stride]; alpha: f32 [n_alpha]; y: f32 [n_rows, row_stride]
// A workgroup computes a row: 8 bytes (12 for integers) and about 6 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "lib/rounding.h"
#include "lib/step.h"
#include "lib/ternary.h"
#include "params/fake_quantize.h"

layout(push_constant) uniform Push { FakeQuantizeParams recorded; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) readonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 3) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

FakeQuantizeParams p;  // those of the step (lib/step.h)

float weight_at(uint at) { return parameter_value(p.dtype, parameter[parameter_word(p.dtype, at)], at); }

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.row_stride;
  const int qmax = int(p.quantizer);
  float scale = 0.0, inverse = 0.0;
  if (qmax != 0) {
    float largest = 0.0;
    for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) largest = max(largest, abs(weight_at(first + c)));
    largest = workgroup_max(largest);
    if (largest >= TRITIUM_SMALLEST_MAX) {
      inverse = exact_quotient(p.quantizer, largest);
      scale = integer_scale(largest, qmax);
    }
  }
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) {
    const float w = weight_at(first + c);
    float quantized = 0.0;
    if (qmax == 0) {
      const float a = alpha[alpha_index(row, c, p.n_rows, p.n_groups, p.group_size, p.n_alpha)];
      quantized = a * float(ternary_trit(w, a));
    } else {
      quantized = scale * float(quantize_to_integer(w, inverse, qmax));
    }
    y[first + c] = p.lambda == 1.0 ? quantized : w + p.lambda * (quantized - w);
  }
}
