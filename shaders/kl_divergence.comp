// With p = softmax(teacher / T), q = softmax(logits / T): losses = T^2 sum of p log(p / q), dlogits += scale T (q - p);
// both 0 for target -1.
//   logits, teacher, dlogits: f32 [n_rows, vocab_size]; targets: i32 [n_rows]; losses: f32 [n_rows]
// A workgroup computes a row: 32 bytes and about 50 operations a logit (both are read three times).
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/step.h"
#include "params/kl_divergence.h"

layout(push_constant) uniform Push { KlDivergenceParams recorded; };
layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer Teacher { float teacher[]; };
layout(set = 0, binding = 2) readonly buffer Targets { int targets[]; };
layout(set = 0, binding = 3) writeonly buffer Losses { float losses[]; };
layout(set = 0, binding = 4) buffer Dlogits { float dlogits[]; };
layout(set = 0, binding = 5) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

KlDivergenceParams p;  // those of the step (lib/step.h)

// q - t + t d with d = log(t / q). Both distributions add up to 1, so over all words this is t d: but none of these is
// below 0, and what rounding does to them is not multiplied where they would cancel. For small d it is
// t (exp(-d) - 1 + d) = t d^2 / 2 (1 - d / 3 (1 - d / 4 (…))), here to d^12 / 12!.
float part_of_divergence(float q, float t, float d) {
  if (t == 0.0) return q;
  if (!(abs(d) < 1.0)) return q - t + t * d;
  float series = 1.0;
  for (float k = 12.0; k > 2.5; k -= 1.0) series = 1.0 - series * d / k;
  return 0.5 * t * d * d * series;
}

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint lane = gl_LocalInvocationIndex;
  const uint first = row * p.vocab_size;
  if (targets[row] < 0) {
    if (lane == 0u) losses[row] = 0.0;
    return;
  }
  float student_top = logits[first];
  float teacher_top = teacher[first];
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) {
    student_top = max(student_top, logits[first + c]);
    teacher_top = max(teacher_top, teacher[first + c]);
  }
  student_top = workgroup_max(student_top);
  teacher_top = workgroup_max(teacher_top);
  float q_sum = 0.0;
  float p_sum = 0.0;
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) {
    q_sum += exp((logits[first + c] - student_top) / p.temperature);
    p_sum += exp((teacher[first + c] - teacher_top) / p.temperature);
  }
  q_sum = workgroup_sum(q_sum);
  p_sum = workgroup_sum(p_sum);
  const float shift = log(q_sum / p_sum);
  float divergence = 0.0;
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) {
    const float u = (logits[first + c] - student_top) / p.temperature;
    const float v = (teacher[first + c] - teacher_top) / p.temperature;
    // Rounded one by one: a student that is its teacher gets no gradient.
    precise const float q = exp(u) / q_sum;
    precise const float t = exp(v) / p_sum;
    precise const float difference = q - t;
    divergence += part_of_divergence(q, t, (v - u) + shift);
    if (p.with_gradient == 1u) dlogits[first + c] += p.scale * p.temperature * difference;
  }
  divergence = workgroup_sum(divergence);
  if (lane == 0u) losses[row] = p.temperature * p.temperature * divergence;
}
