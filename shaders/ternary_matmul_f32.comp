// y[r, n] = sum over c of x[r / rows_per_x, c] * scale[n, group of c] * trit[n, c]
//   x: f32 [n_rows / rows_per_x, cols]; codes: 2-bit (n_matrices, out_features, padded_cols);
//   weight_scales: f32 (n_matrices, out_features, n_groups), both a window of n_weight_rows rows from first_weight_row;
//   expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation 16 columns at a time, which always
// share a scale: a quarter byte a weight, about 3 operations for each of its kTile outputs.
#version 450

#include "lib/device_trits.h"
#include "params/ternary_matmul_f32.h"

layout(push_constant) uniform Push { TernaryMatmulF32Params p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Codes { uint codes[]; };  // 16 trits each
layout(set = 0, binding = 2) readonly buffer WeightScales { float weight_scales[]; };
layout(set = 0, binding = 3) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

const uint kStep = 16u;
#include "lib/float_product.glsl"

void add_products(uint c) {
  uint word[kFeatures];
  float scale[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) {
    word[f] = codes[weight_row[f] * (p.padded_cols / 16u) + c / 16u];
    scale[f] = weight_scales[weight_row[f] * p.n_groups + c / p.group_size];
  }
  for (uint t = 0u; t < kTile; ++t) {
    float values[kStep];
    load_x(t, c, values);
    for (uint f = 0u; f < kFeatures; ++f) {
      float sum = 0.0;
      for (uint i = 0u; i < kStep; ++i) sum += values[i] * float(device_trit(word[f], i));
      partial[f * kTile + t] += scale[f] * sum;
    }
  }
}
