// trit = flipped_trit(trit, change, its scale, 24 random bits) for every weight; flips += trits that changed; the changes
// are cleared.
//   change: f32 [n_rows, cols]; words: trits of [n_rows, padded_cols]; scales: f32 [n_rows, n_scales]; flips: i32 [n_rows]
// A workgroup updates a row, an invocation 16 columns at a time: 8.5 bytes and about 30 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/random.h"
#include "lib/reduce.glsl"
#include "lib/step.h"
#include "lib/device_trits.h"
#include "lib/ternary.h"
#include "params/flip_trits.h"

layout(push_constant) uniform Push { FlipTritsParams recorded; };
layout(set = 0, binding = 0) buffer Change { float change[]; };
layout(set = 0, binding = 1) buffer Words { uint words[]; };
layout(set = 0, binding = 2) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 3) buffer Flips { int flips[]; };
layout(set = 0, binding = 4) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

FlipTritsParams p;  // those of the step (lib/step.h)

uint flipped_word(uint row, uint first, uint word) {
  const float alpha = scales[row * p.n_scales + first / p.group_size];
  for (uint i = 0u; i < 16u && first + i < p.cols; ++i) {
    const uint at = row * p.cols + first + i;
    const uint random = random_words(p.seed, p.step, p.stream, at).x;
    const int trit = flipped_trit(device_trit(word, i), change[at], alpha, random >> 8u);
    word = (word & ~(3u << device_shift(i))) | (uint(trit + 1) << device_shift(i));
    change[at] = 0.0;
  }
  return word;
}

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint row_words = p.padded_cols / 16u;
  uint changed = 0u;
  for (uint i = gl_LocalInvocationIndex; 16u * i < p.cols; i += kWorkgroup) {
    const uint before = words[row * row_words + i];
    const uint after = flipped_word(row, 16u * i, before);
    const uint difference = before ^ after;
    changed += bitCount((difference | (difference >> 1u)) & 0x55555555u);
    words[row * row_words + i] = after;
  }
  const float total = workgroup_sum(float(changed));  // exact: below 2^24
  if (p.count_flips == 1u && gl_LocalInvocationIndex == 0u) flips[row] += int(total);
}
