// dx[i] (+)= sum over n of dy[r, n] * weight[m, n], r = i * rows_per_x + slot, m = matrix of r
//   dy: f32 [n_rows, out_features]; weight: f32, f16 or bf16 (n_matrices, out_features, row_stride), a window of
//   n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed;
//   dx: f32 [n_rows / rows_per_x, cols]
// A workgroup computes 32 rows by 64 columns at a time (lib/backward_product.glsl): 2 or 4 bytes a weight for 32 rows,
// 2 operations a weight and row.
#version 450

#include "lib/dense_weight.glsl"
#include "params/dense_matmul_backward.h"

layout(push_constant) uniform Push { DenseMatmulBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 1) readonly buffer WeightPlane { uvec4 weight[]; };  // rows start on one of them
layout(set = 0, binding = 2) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 3) buffer Dx { float dx[]; };

#include "lib/backward_product.glsl"

void sixteen_weights(uint window_row, uint c, out float values[16]) {
  const uint first = window_row * p.row_stride + c;
  for (uint i = 0u; i < 16u; i += 4u) {
    // A row ends on a multiple of 8 columns: the next one, or nothing, may follow the first half.
    vec4 four = vec4(0.0);
    if (c + i < p.row_stride) four = dense_four(p.dtype, weight[dense_four_at(p.dtype, first + i)], first + i);
    for (uint j = 0u; j < 4u; ++j) values[i + j] = four[j];
  }
}
