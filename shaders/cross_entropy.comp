// losses = logsumexp(logits) - logits[target], dlogits = scale (softmax(logits) - onehot(target)); both 0 for target -1.
//   logits, dlogits: f32 [n_rows, vocab_size]; targets: i32 [n_rows]; losses: f32 [n_rows]
// A workgroup computes a row: 16 bytes and about 8 operations a logit (it is read three times).
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/step.h"
#include "params/cross_entropy.h"

layout(push_constant) uniform Push { CrossEntropyParams recorded; };
layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer Targets { int targets[]; };
layout(set = 0, binding = 2) writeonly buffer Losses { float losses[]; };
layout(set = 0, binding = 3) writeonly buffer Dlogits { float dlogits[]; };
layout(set = 0, binding = 4) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

CrossEntropyParams p;  // those of the step (lib/step.h)

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint lane = gl_LocalInvocationIndex;
  const uint first = row * p.vocab_size;
  const int target = targets[row];
  if (target < 0) {
    if (lane == 0u) losses[row] = 0.0;
    for (uint c = lane; p.with_gradient == 1u && c < p.vocab_size; c += kWorkgroup) dlogits[first + c] = 0.0;
    return;
  }
  float largest = logits[first];
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) largest = max(largest, logits[first + c]);
  largest = workgroup_max(largest);
  float sum = 0.0;
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) sum += exp(logits[first + c] - largest);
  sum = workgroup_sum(sum);
  // Differences first: with logits of some hundreds, their sum with a logarithm would lose its last digits.
  if (lane == 0u) losses[row] = (largest - logits[first + uint(target)]) + log(sum);
  if (p.with_gradient == 0u) return;
  for (uint c = lane; c < p.vocab_size; c += kWorkgroup) {
    const float onehot = c == uint(target) ? 1.0 : 0.0;
    dlogits[first + c] = p.scale * (exp(logits[first + c] - largest) / sum - onehot);
  }
}
