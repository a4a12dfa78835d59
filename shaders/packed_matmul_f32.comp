// y[r, n] = sum over c of x[r / rows_per_x, c] * value[n, c], the values of integers in blocks (lib/packed.h)
//   x: f32 [n_rows / rows_per_x, cols]; words, weight_scales: words of codes and of scales (n_matrices, out_features,
//   blocks of 256), both a window of n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed;
//   y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation 16 columns at a time, which always
// share a scale: half a byte to a byte a weight, about 2 operations for each of its kTile outputs.
#version 450

#include "lib/packed.h"
#include "params/packed_matmul_f32.h"

layout(push_constant) uniform Push { PackedMatmulF32Params p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 2) readonly buffer WeightScales { uint weight_scales[]; };
layout(set = 0, binding = 3) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

const uint kStep = 16u;
#include "lib/float_product.glsl"

void add_products(uint c) {
  const uint bits = packed_bits(p.dtype), column = c % 256u;
  for (uint f = 0u; f < kFeatures; ++f) {
    const uint block = weight_row[f] * (p.padded_cols / 256u) + c / 256u;
    const uint base = block * packed_words(p.dtype), at = block * packed_scale_words(p.dtype);
    const PackedScale scale =
        packed_scale(p.dtype, column, weight_scales[at + packed_scale_word(p.dtype, column, 0u)],
                     weight_scales[at + packed_scale_word(p.dtype, column, 1u)],
                     weight_scales[at + packed_scale_word(p.dtype, column, 2u)],
                     weight_scales[at + packed_scale_word(p.dtype, column, 3u)]);
    float values[kStep];
    for (uint g = 0u; g < 4u; ++g) {
      const uint group = column / 4u + g;
      const uint upper = bits == 6u ? words[base + packed_upper_word_of(group)] : 0u;
      const uint four = packed_four(bits, words[base + packed_word_of(bits, group)], upper, group);
      for (uint i = 0u; i < 4u; ++i)
        values[4u * g + i] = packed_value(scale, packed_byte(four, i) - packed_bias(p.dtype));
    }
    for (uint t = 0u; t < kTile; ++t) {
      const uint from = row_of_x[t] * p.cols + c;
      float sum = 0.0;
      for (uint i = 0u; i < kStep; ++i) sum += c + i < p.cols ? x[from + i] * values[i] : 0.0;
      partial[f * kTile + t] += sum;
    }
  }
}
