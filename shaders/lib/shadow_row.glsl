// What every optimiser does with a row after its step (cpu_ref/shadow.h, ShadowUpdate): noise and rounding as values
// are written; then sums of magnitudes and trits from what was written. Bindings 0 to 5. The workgroup that updates a
// row sets `s` first. GLSL only.
#ifndef TRITIUM_LIB_SHADOW_ROW_GLSL
#define TRITIUM_LIB_SHADOW_ROW_GLSL

#include "../params/shadow.h"
#include "device_trits.h"
#include "parameter.glsl"
#include "reduce.glsl"
#include "shadow.h"
#include "shadow_code.h"
#include "ternary.h"

layout(set = 0, binding = 0) coherent buffer Parameter { uint parameter[]; };
layout(set = 0, binding = 1) writeonly buffer Sums { float sums[]; };
layout(set = 0, binding = 2) readonly buffer Alpha { float alpha[]; };
layout(set = 0, binding = 3) buffer Words { uint words[]; };
layout(set = 0, binding = 4) writeonly buffer Scales { float scales[]; };
layout(set = 0, binding = 5) buffer Flips { int flips[]; };

ShadowParams s;
bool still = false;  // a row of a matrix that was not used: it is written as it was

float shadow_value(uint row, uint column) {
  const uint at = row * s.plane.row_stride + column;
  return parameter_value(s.plane, parameter[parameter_word(s.plane, at)], at);
}

// The same while the row is updated: columns 2i and 2i + 1 belong to one invocation, and two of those share a word of
// codes, which the other may be writing.
float value_to_update(uint row, uint column) {
  if (s.plane.dtype != TRITIUM_DTYPE_I8) return shadow_value(row, column);
  const uint at = row * s.plane.row_stride + column;
  return parameter_value(s.plane, atomicOr(parameter[at / 4u], 0u), at);
}

float shadow_alpha(uint row, uint column) {
  return alpha[alpha_index(row, column, s.n_rows, s.n_groups, s.group_size, s.n_alpha)];
}

// Clipped straight-through: weights far beyond the boundary get no gradient.
float straight_through(float gradient_value, float w, uint row, uint column) {
  return s.clip > 0.0 && abs(w) > s.clip * shadow_alpha(row, column) ? 0.0 : gradient_value;
}

float with_noise(float w, uint row, uint column) {
  if (!(s.noise_scale > 0.0)) return w;
  return with_boundary_noise(w, shadow_alpha(row, column), s.noise_scale, s.noise_zone, s.seed, s.step, s.stream,
                             row * s.cols + column);
}

uint rounded_bits(float w, uint row, uint column) {
  const bool coded = s.plane.dtype == TRITIUM_DTYPE_I8;
  const float step = s.plane.code_step;
  if (s.stochastic == 0u) return coded ? uint(shadow_code_nearest(w, step)) & 255u : bf16_nearest(w);
  const uint random = random_words(s.seed, s.step, s.stream, row * s.cols + column).x;
  return coded ? uint(shadow_code_stochastic(w, step, random >> 8u)) & 255u : bf16_stochastic(w, random);
}

// New values of columns `column` (even) and the next, which may lie beyond the row.
void write_pair(uint row, uint column, float first, float second) {
  const uint at = row * s.plane.row_stride + column;
  const bool both = column + 1u < s.cols;
  first = with_noise(first, row, column);
  if (both) second = with_noise(second, row, column + 1u);
  if (s.plane.dtype == TRITIUM_DTYPE_F32) {
    parameter[at] = floatBitsToUint(first);
    if (both) parameter[at + 1u] = floatBitsToUint(second);
    return;
  }
  const uint lower = rounded_bits(first, row, column);
  const uint upper = both ? rounded_bits(second, row, column + 1u) : 0u;
  if (s.plane.dtype == TRITIUM_DTYPE_BF16) {
    parameter[at / 2u] = lower | (upper << 16u);
    return;
  }
  // In which order halves of a word are exchanged changes nothing.
  const uint shift = 8u * (at % 4u);
  atomicAnd(parameter[at / 4u], ~(0xFFFFu << shift));
  atomicOr(parameter[at / 4u], (lower | (upper << 8u)) << shift);
}

void pack_row(uint row) {
  const uint row_words = s.padded_cols / 16u;
  uint changed = 0u;
  for (uint word = gl_LocalInvocationIndex; 16u * word < s.cols; word += kWorkgroup) {
    uint packed_codes = 0u;
    for (uint i = 0u; i < 16u; ++i) {
      const uint column = 16u * word + i;
      const int trit = column < s.cols ? ternary_trit(shadow_value(row, column), shadow_alpha(row, column)) : 0;
      packed_codes |= uint(trit + 1) << device_shift(i);
    }
    const uint difference = words[row * row_words + word] ^ packed_codes;
    changed += bitCount((difference | (difference >> 1u)) & 0x55555555u);
    words[row * row_words + word] = packed_codes;
  }
  for (uint g = gl_LocalInvocationIndex; g < s.n_groups; g += kWorkgroup)
    scales[row * s.n_scales + g] = shadow_alpha(row, g * s.group_size);
  const float total = workgroup_sum(float(changed));
  if (s.count_flips == 1u && gl_LocalInvocationIndex == 0u) flips[row] += int(total);
}

// After all columns were written. Every invocation of the workgroup must call it.
void finish_row(uint row) {
  memoryBarrierBuffer();
  barrier();
  for (uint g = 0u; s.with_sums == 1u && g < s.n_groups; ++g) {
    const uint last = min((g + 1u) * s.group_size, s.cols);
    float sum = 0.0;
    for (uint c = g * s.group_size + gl_LocalInvocationIndex; c < last; c += kWorkgroup)
      sum += abs(shadow_value(row, c));
    sum = workgroup_sum(sum);
    if (gl_LocalInvocationIndex == 0u) sums[row * s.n_groups + g] = sum;
  }
  if (s.with_weight == 1u) pack_row(row);
}

#endif
