// y[r, n] = sum over c of x[r / rows_per_x, c] * weight[matrix of r, n, c]
//   x: f32 [n_rows / rows_per_x, cols]; weight: f32, f16 or bf16 (n_matrices, out_features, row_stride), a window of
//   n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation 8 columns at a time: 2 or 4 bytes
// a weight, 2 operations for each of its kTile outputs.
#version 450

#include "lib/dense_weight.glsl"
#include "params/dense_matmul.h"

layout(constant_id = 4) const uint kDtype = TRITIUM_DTYPE_F32;
layout(push_constant) uniform Push { DenseMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer WeightPlane { uvec4 weight[]; };  // rows start on one of them
layout(set = 0, binding = 2) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

const uint kStep = 8u;
#include "lib/float_product.glsl"

// Columns c … c + 7 of a row of the window; c is a multiple of 8.
void eight_weights(uint row, uint c, out vec4 low, out vec4 high) {
  const uint first = row * p.row_stride + c;
  if (kDtype == TRITIUM_DTYPE_F32) {
    low = uintBitsToFloat(weight[first / 4u]);
    high = uintBitsToFloat(weight[first / 4u + 1u]);
  } else {
    const uvec4 words = weight[first / 8u];
    low = vec4(dense_halves(kDtype, words.x), dense_halves(kDtype, words.y));
    high = vec4(dense_halves(kDtype, words.z), dense_halves(kDtype, words.w));
  }
}

void add_products(uint c) {
  vec4 low[kFeatures];
  vec4 high[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) eight_weights(weight_row[f], c, low[f], high[f]);
  for (uint t = 0u; t < kTile; ++t) {
    float values[kStep];
    load_x(t, c, values);
    for (uint f = 0u; f < kFeatures; ++f) {
      float sum = partial[f * kTile + t];
      for (uint i = 0u; i < 4u; ++i) sum += values[i] * low[f][i];
      for (uint i = 0u; i < 4u; ++i) sum += values[4u + i] * high[f][i];
      partial[f * kTile + t] = sum;
    }
  }
}
