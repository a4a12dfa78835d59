// dx[i, c] (+)= sum over n of dy[r, n] * scale[m, n, group of c] * trit[m, n, c], r = i * rows_per_x + slot,
// m = matrix of r
//   dy: f32 [n_rows, out_features]; codes: 2-bit (n_matrices, out_features, padded_cols);
//   weight_scales: f32 (n_matrices, out_features, n_groups), both a window of n_weight_rows rows from first_weight_row;
//   expert_ids: i32 [n_rows], when routed; dx: f32 [n_rows / rows_per_x, cols]
// A workgroup computes 32 rows by 64 columns at a time (lib/backward_product.glsl); an invocation unpacks a word of 16
// trits, which always share a scale: a quarter byte and about 4 operations a weight for 32 rows, 2 operations a weight
// and row.
#version 450

#include "lib/device_trits.h"
#include "params/ternary_matmul_backward.h"

layout(push_constant) uniform Push { TernaryMatmulBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 1) readonly buffer Codes { uint codes[]; };  // 16 trits each
layout(set = 0, binding = 2) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 3) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 4) buffer Dx { float dx[]; };

#include "lib/backward_product.glsl"

void sixteen_weights(uint window_row, uint c, out float values[16]) {
  const uint word = codes[window_row * (p.padded_cols / 16u) + c / 16u];
  const float scale = weight_scales[window_row * p.n_groups + c / p.group_size];
  for (uint i = 0u; i < 16u; ++i) values[i] = scale * float(device_trit(word, i));
}
