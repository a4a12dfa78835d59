// y = w + lambda (quantised(w) - w): alpha times trit, or s clip(round_half_even(w / s), -qmax - 1, qmax) with s = max |w| of
// the row / qmax.
//   parameter: f32 or bf16 [n_rows, row_stride]; alpha: f32 [n_alpha]; y: f32 [n_rows, row_stride]
// A workgroup computes a row: 8 bytes (12 for integers) and about 6 operations a weight.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "lib/ternary.h"
#include "params/fake_quantize.h"

layout(local_size_x = 128) in;
layout(push_constant) uniform Push { FakeQuantizeParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) readonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

float weight_at(uint at) { return parameter_value(p.dtype, parameter[parameter_word(p.dtype, at)], at); }

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint first = row * p.row_stride;
  float scale = 0.0;
  if (p.quantizer != 0u) {
    float largest = 0.0;
    for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) largest = max(largest, abs(weight_at(first + c)));
    scale = workgroup_max(largest) / float(p.quantizer);
  }
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) {
    const float w = weight_at(first + c);
    float quantized = 0.0;
    if (p.quantizer == 0u) {
      const float a = alpha[alpha_index(row, c, p.n_rows, p.n_groups, p.group_size, p.n_alpha)];
      quantized = a * float(ternary_trit(w, a));
    } else if (scale > 0.0) {
      quantized = scale * clamp(roundEven(w / scale), -float(p.quantizer) - 1.0, float(p.quantizer));
    }
    y[first + c] = p.lambda == 1.0 ? quantized : w + p.lambda * (quantized - w);
  }
}
