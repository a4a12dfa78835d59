// y[r, n] = sum over c of x[r / rows_per_x, c] * value[n, c], the values of integers in blocks (lib/packed.h)
//   x: f32 [n_rows / rows_per_x, cols]; words, weight_scales: words of codes and of scales (n_matrices, out_features,
//   blocks of 256), both a window of n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed;
//   y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation 16 columns at a time, which always
// share a scale: half a byte to a byte a weight, about 2 operations for each of its kTile outputs.
#version 450

#include "lib/packed.h"
#include "params/packed_matmul_f32.h"

layout(constant_id = 4) const uint kDtype = TRITIUM_DTYPE_Q8_0;
layout(push_constant) uniform Push { PackedMatmulF32Params p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 2) readonly buffer WeightScales { uint weight_scales[]; };
layout(set = 0, binding = 3) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

const uint kStep = 16u;
#include "lib/float_product.glsl"

const bool kQ6K = kDtype == TRITIUM_DTYPE_Q6_K;
const uint kBits = kDtype == TRITIUM_DTYPE_Q8_0 ? 8u : kQ6K ? 6u : 4u;
const uint kWords = kBits / 2u;                     // of 16 columns
const uint kScaleWords = kQ6K ? 2u : kBits == 8u || kDtype == TRITIUM_DTYPE_Q4_0 ? 1u : 4u;  // that a scale takes

uint codes[kFeatures * kWords];
uint scale_words[kFeatures * 4u];

void load_weights(uint c) {
  for (uint f = 0u; f < kFeatures; ++f) {
    const uint block = weight_row[f] * (p.padded_cols / 256u) + c / 256u;
    const uint first = block * packed_words(kDtype) + c % 256u / 16u * kWords;
    for (uint i = 0u; i < kWords; ++i) codes[f * kWords + i] = words[first + i];
    for (uint i = 0u; i < kScaleWords; ++i)
      scale_words[f * 4u + i] =
          weight_scales[block * packed_scale_words(kDtype) + packed_scale_word(kDtype, c % 256u, i)];
  }
}

void add_products(uint c) {
  load_weights(c);
  for (uint t = 0u; t < kTile; ++t) {
    float values[kStep];
    load_x(t, c, values);
    for (uint f = 0u; f < kFeatures; ++f) {
      const PackedScale scale = packed_scale(kDtype, c % 256u, scale_words[4u * f], scale_words[4u * f + 1u],
                                             scale_words[4u * f + 2u], scale_words[4u * f + 3u]);
      float sum = 0.0;
      for (uint i = 0u; i < kStep; ++i) {
        const uint g = i / 4u;
        const uint word = codes[f * kWords + (kBits == 8u ? g : g / 2u)];
        const uint four = packed_four(kBits, word, kQ6K ? codes[f * kWords + 2u] : 0u, g);
        sum += values[i] * packed_value(scale, packed_byte(four, i % 4u) - packed_bias(kDtype));
      }
      partial[f * kTile + t] += sum;
    }
  }
}
