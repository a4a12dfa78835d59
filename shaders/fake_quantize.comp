// y = w + lambda (quantised(v) - w), v = source or w: alpha times trit, or alpha times an integer (lib/integers.h).
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; alpha, bound: f32 [n_alpha]; y, source: f32 [n_rows, row_stride]
// A workgroup computes a row: 8 to 12 bytes and about 6 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/integers.h"
#include "lib/parameter.glsl"
#include "lib/step.h"
#include "lib/ternary.h"
#include "params/fake_quantize.h"

layout(push_constant) uniform Push { FakeQuantizeParams recorded; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) readonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 3) readonly buffer Bound { float bound[]; };
layout(set = 0, binding = 4) readonly buffer Source { float source[]; };
layout(set = 0, binding = 5) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

FakeQuantizeParams p;  // those of the step (lib/step.h)

float weight_at(uint at) { return parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at); }

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.plane.row_stride;
  const int qmax = int(p.quantizer);
  float scale = 0.0, inverse = 0.0;
  uint inverted = 0xFFFFFFFFu;  // whose inverse that is
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) {
    const float w = weight_at(first + c);
    const float v = p.own_source == 1u ? source[first + c] : w;
    float quantized = v;
    if (p.n_alpha > 0u) {
      const uint group = alpha_index(row, c, p.n_rows, p.n_groups, p.group_size, p.n_alpha);
      if (qmax == 0) {
        const float a = alpha[group];
        quantized = a * float(ternary_trit(v, p.own_bound == 1u ? bound[group] : a));
      } else {
        if (group != inverted) {
          scale = alpha[group];
          inverse = inverse_of_scale(scale);
          inverted = group;
        }
        quantized = scale * float(quantize_to_integer(v, inverse, qmax));
      }
    }
    y[first + c] = p.lambda == 1.0 ? quantized : w + p.lambda * (quantized - w);
  }
}
