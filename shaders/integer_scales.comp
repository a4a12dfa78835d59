// s = max |w| / qmax, or of five quantiles of |w| in its place that with the least squared error: of each group of
// columns of a row (lib/integers.h).
//   parameter: f32, bf16 or i8 [n_rows, row_stride]; alpha: f32 [n_rows, n_groups]
// A workgroup takes a group. The search reads it twice for each of the n / 1000 + 2 largest distinct magnitudes, and
// once for each of at most five scales.
#version 450

#include "lib/grid.glsl"
#include "lib/integers.h"
#include "lib/parameter.glsl"
#include "lib/reduce.glsl"
#include "params/integer_scales.h"

layout(push_constant) uniform Push { IntegerScalesParams p; };
layout(set = 0, binding = 0) readonly buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) writeonly buffer Alpha { float alpha[]; };

uint first, n;  // elements of the group

float weight_at(uint c) {
  const uint at = first + c;
  return parameter_value(p.plane, parameter[parameter_word(p.plane, at)], at);
}

// The largest magnitude below a limit, or -1.
float largest_below(float limit) {
  float largest = -1.0;
  for (uint c = gl_LocalInvocationIndex; c < n; c += kWorkgroup) {
    const float magnitude = abs(weight_at(c));
    if (magnitude < limit) largest = max(largest, magnitude);
  }
  return workgroup_max(largest);
}

uint count_of(float value) {
  float count = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < n; c += kWorkgroup) count += float(abs(weight_at(c)) == value);
  return uint(workgroup_sum(count));  // exact: below 2^24
}

float error_of(float scale, float per_unit) {
  const float inverse = inverse_of_scale(scale);
  precise float error = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < n; c += kWorkgroup)
    error += integer_error(weight_at(c), scale, inverse, int(p.quantizer), per_unit);
  return workgroup_sum(error);
}

float searched_scale(float most) {
  float upper[TRITIUM_N_CLIPS], lower[TRITIUM_N_CLIPS];
  float value = most;
  uint seen = 0u;  // values above it
  const uint needed = min(n, rank_of_clip(n, TRITIUM_N_CLIPS - 1) + 2u);
  while (seen < needed && value >= 0.0) {
    const uint end = seen + count_of(value);
    for (uint clip = 0u; clip < TRITIUM_N_CLIPS; ++clip) {
      const uint rank = rank_of_clip(n, clip);
      if (seen <= rank && rank < end) upper[clip] = value;
      if (seen <= rank + 1u && rank + 1u < end) lower[clip] = value;
    }
    seen = end;
    value = largest_below(value);
  }
  const float per_unit = exact_quotient(4u, most);
  float best = 0.0, least = 0.0;
  for (uint clip = 0u; clip < TRITIUM_N_CLIPS; ++clip) {
    const float fraction = fraction_of_clip(n, clip);
    const float q = fraction > 0.0 ? between_ranks(upper[clip], lower[clip], fraction) : upper[clip];
    const float scale = stored_integer_scale(q, int(p.quantizer), p.round_to_f16 == 1u);
    if (scale == 0.0 || scale == best) continue;
    const float error = error_of(scale, per_unit);
    if (best == 0.0 || error < least) {
      best = scale;
      least = error;
    }
  }
  return best;
}

void main() {
  const uint group = folded_group();
  if (group >= p.n_rows * p.n_groups) return;
  const uint column = group % p.n_groups * p.group_size;
  first = group / p.n_groups * p.plane.row_stride + column;
  n = min(p.cols - column, p.group_size);
  const float most = largest_below(uintBitsToFloat(0x7F800000u));
  float scale = 0.0;
  if (most >= TRITIUM_SMALLEST_MAX)
    scale =
        p.clip_search == 1u ? searched_scale(most) : stored_integer_scale(most, int(p.quantizer), p.round_to_f16 == 1u);
  if (gl_LocalInvocationIndex == 0u) alpha[group] = scale;
}
