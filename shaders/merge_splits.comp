// y = what the splits of each head found, merged in order (lib/splits.h): sums of values over the sum of exponentials,
// both brought to the largest score.
//   parts: f32 [n_heads, n_splits, value_dim + 2]; y: f32 [n_heads, value_dim]
// A workgroup merges a head: 4 bytes and 2 operations a value of a split.
#version 450

#include "lib/grid.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"
#include "params/merge_splits.h"

layout(push_constant) uniform Push { MergeSplitsParams p; };
layout(set = 0, binding = 0) readonly buffer Parts { float parts[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

const float kBelowScores = -1.6e38;

void main() {
  const uint head = folded_group();
  if (head >= p.n_heads) return;
  for (uint c = gl_LocalInvocationIndex; c < p.value_dim; c += kWorkgroup) {
    float largest = kBelowScores;
    float sum = 0.0;
    float mix = 0.0;
    for (uint s = 0u; s < p.n_splits; ++s) {
      const uint part = part_of(head, s, p.n_splits, p.value_dim);
      const float score = parts[part + p.value_dim];
      const float of_split = parts[part + p.value_dim + 1u];
      const float new_largest = with_split(largest, score, of_split);
      const float correction = softmax_term(largest, new_largest);
      const float weight = weight_of_split(score, of_split, new_largest);
      sum = merged_sum(sum, correction, of_split, weight);
      mix = merged_sum(mix, correction, parts[part + c], weight);
      largest = new_largest;
    }
    y[head * p.value_dim + c] = mix / sum;
  }
}
