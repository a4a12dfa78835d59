// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w -= learning_rate (m c1 / (sqrt(v c2) + eps) +
// weight_decay w); the gradient is cleared. Then lib/shadow_row.glsl. With states_8bit, m and v are blocks of 256
// columns of codes with a scale each (lib/moments.h).
//   parameter … flips: bindings 0 to 5; gradient: f32 [n_rows, cols]; m, v: the same, or i8 four to a word;
//   m_scales, v_scales: f32 [n_rows, ceil(cols / 256)]; uses: f32 [n_rows / rows_per_matrix], 0: the rows stay
// A workgroup updates a row, 256 columns at a time, an invocation two of them: 32 bytes (14 with 8-bit states and a
// bf16 parameter) and about 20 operations a weight.
#version 450

#include "lib/grid.glsl"
#include "lib/moments.h"
#include "lib/shadow_row.glsl"
#include "lib/step.h"
#include "params/adamw_update.h"

layout(push_constant) uniform Push { AdamwUpdateParams recorded; };
layout(set = 0, binding = 6) buffer Gradient { float gradient[]; };
layout(set = 0, binding = 7) buffer M { uint m[]; };
layout(set = 0, binding = 8) buffer V { uint v[]; };
layout(set = 0, binding = 9) buffer MScales { float m_scales[]; };
layout(set = 0, binding = 10) buffer VScales { float v_scales[]; };
layout(set = 0, binding = 11) readonly buffer Uses { float uses[]; };
layout(set = 0, binding = 12) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

AdamwUpdateParams p;  // those of the step (lib/step.h)

struct Moments {
  float first;
  float second;
};

Moments load_moments(uint at, uint block) {
  if (p.states_8bit == 0u) return Moments(uintBitsToFloat(m[at]), uintBitsToFloat(v[at]));
  // Rows of an odd length share words: another workgroup may be exchanging its bytes of this one.
  const bool alone = s.cols % 4u == 0u;
  const uint first = alone ? m[at / 4u] : atomicOr(m[at / 4u], 0u);
  const uint second = alone ? v[at / 4u] : atomicOr(v[at / 4u], 0u);
  return Moments(decode_first_moment(unpack_i8(first, at % 4u), m_scales[block]),
                 decode_second_moment(unpack_i8(second, at % 4u) & 255, v_scales[block]));
}

// Rows of an odd length share words between workgroups: bits are exchanged one byte at a time. Which order that happens
// in changes nothing, the bytes are disjoint.
void store_codes(uint at, int first, int second) {
  const uint shift = 8u * (at % 4u);
  atomicAnd(m[at / 4u], ~(255u << shift));
  atomicOr(m[at / 4u], (uint(first) & 255u) << shift);
  atomicAnd(v[at / 4u], ~(255u << shift));
  atomicOr(v[at / 4u], (uint(second) & 255u) << shift);
}

// Updates the moments of a column with its gradient, which is cleared; returns the new weight.
float stepped(uint row, uint column, uint block, out Moments moments) {
  moments = Moments(0.0, 0.0);
  if (column >= s.cols) return 0.0;
  const uint at = row * s.cols + column;
  const float w = value_to_update(row, column);
  const float g = straight_through(gradient[at] * p.gradient_scale, w, row, column);
  gradient[at] = 0.0;
  if (still) return w;
  moments = load_moments(at, block);
  moments.first = p.beta1 * moments.first + (1.0 - p.beta1) * g;
  moments.second = p.beta2 * moments.second + (1.0 - p.beta2) * g * g;
  const float direction = moments.first * p.correction1 / (sqrt(moments.second * p.correction2) + p.eps);
  return w - p.learning_rate * (direction + p.weight_decay * w);
}

void store_moments(uint row, uint column, Moments moments, float m_scale, float v_scale) {
  if (column >= s.cols || still) return;
  const uint at = row * s.cols + column;
  if (p.states_8bit == 0u) {
    m[at] = floatBitsToUint(moments.first);
    v[at] = floatBitsToUint(moments.second);
    return;
  }
  const RandomWords r = random_words(s.seed, s.step, s.stream, at);
  store_codes(at, encode_first_moment(moments.first, m_scale, r.y), encode_second_moment(moments.second, v_scale, r.z));
}

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.shadow.n_rows) return;
  s = p.shadow;
  still = s.rows_per_matrix > 0u && uses[row / s.rows_per_matrix] == 0.0;
  if (still) s.noise_scale = 0.0;
  const uint blocks = (s.cols + 255u) / 256u;
  for (uint b = 0u; b < blocks; ++b) {
    const uint block = row * blocks + b;
    const uint column = 256u * b + 2u * gl_LocalInvocationIndex;
    Moments one, two;
    const float first = stepped(row, column, block, one);
    const float second = stepped(row, column + 1u, block, two);
    if (column < s.cols) write_pair(row, column, first, second);
    float m_scale = 0.0;
    float v_scale = 0.0;
    if (p.states_8bit == 1u && !still) {
      m_scale = workgroup_max(max(abs(one.first), abs(two.first)));  // its barriers: the old scales have been read
      v_scale = workgroup_max(max(one.second, two.second));
      if (gl_LocalInvocationIndex == 0u) {
        m_scales[block] = m_scale;
        v_scales[block] = v_scale;
      }
    }
    store_moments(row, column, one, m_scale, v_scale);
    store_moments(row, column + 1u, two, m_scale, v_scale);
  }
  finish_row(row);
}
