// trit = ternary_trit(w, bound) for every weight, scale = alpha, bound = alpha unless it is given; flips += trits that
// changed.
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; alpha, bound: f32 [n_alpha]; words: trits of [n_rows,
//   padded_cols]; scales: f32 [n_rows, n_scales]; flips: i32 [n_rows]
// A workgroup packs a row, an invocation 16 columns at a time: 4 (2) bytes read and 1/4 written a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "lib/device_trits.h"
#include "lib/ternary.h"
#include "params/ternarize.h"

layout(push_constant) uniform Push { TernarizeParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) readonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 2) buffer Words { uint words[]; };
layout(set = 0, binding = 3) writeonly buffer Scales { float scales[]; };
layout(set = 0, binding = 4) buffer Flips { int flips[]; };
layout(set = 0, binding = 5) readonly buffer Bound { float bound[]; };

uint packed_word(uint row, uint first) {
  uint word = 0u;
  for (uint i = 0u; i < 16u; ++i) {
    const uint column = first + i;
    int trit = 0;
    if (column < p.cols) {
      const uint at = row * p.plane.row_stride + column;
      const float w = parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at);
      const uint group = alpha_index(row, column, p.n_rows, p.n_groups, p.group_size, p.n_alpha);
      trit = ternary_trit(w, p.own_bound == 1u ? bound[group] : alpha[group]);
    }
    word |= uint(trit + 1) << device_shift(i);
  }
  return word;
}

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint row_words = p.padded_cols / 16u;
  uint changed = 0u;
  for (uint word = gl_LocalInvocationIndex; 16u * word < p.cols; word += kWorkgroup) {
    const uint packed_codes = packed_word(row, 16u * word);
    const uint difference = words[row * row_words + word] ^ packed_codes;
    changed += bitCount((difference | (difference >> 1u)) & 0x55555555u);
    words[row * row_words + word] = packed_codes;
  }
  for (uint g = gl_LocalInvocationIndex; g < p.n_groups; g += kWorkgroup)
    scales[row * p.n_scales + g] =
        alpha[alpha_index(row, g * p.group_size, p.n_rows, p.n_groups, p.group_size, p.n_alpha)];
  const float total = workgroup_sum(float(changed));  // exact: below 2^24
  if (p.count_flips == 1u && gl_LocalInvocationIndex == 0u) flips[row] += int(total);
}
