// y[r, n] = sum over segments, in order, (weight_scale * x_scale) * float(sum over the segment of scale * w * q), less the
// like sum of minima (lib/packed.h; ops/packed_matmul.h says what the segments of each type are)
//   q: i8 [n_rows / rows_per_x, padded_cols], four to a word; scales: f32 [n_rows / rows_per_x, n_blocks];
//   words, weight_scales: words of codes and of scales (n_matrices, out_features, blocks of 256), both a window of
//   n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation 32 columns at a time: 16 to 32 bytes
// of codes, 2 operations for each column of its kTile outputs.
#version 450

#include "lib/packed.h"
#include "lib/ternary.h"
#include "params/packed_matmul.h"

layout(constant_id = 3) const uint kDtype = TRITIUM_DTYPE_Q8_0;
layout(push_constant) uniform Push { PackedMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uint q[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 3) readonly buffer WeightScales { uint weight_scales[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) writeonly buffer Y { float y[]; };

#include "lib/product.glsl"

const uint kStep = 32u;
const bool kBlockScales = kDtype == TRITIUM_DTYPE_Q4_K || kDtype == TRITIUM_DTYPE_Q6_K;  // a float for 256 columns
const uint kSegment = kBlockScales ? 256u : 32u;

int partial[kOutputs];  // over this invocation's columns of a phase

// The first word of scales of column c of row `row`.
uint scales_at(uint row, uint c) { return (row * (p.padded_cols / 256u) + c / 256u) * packed_scale_words(kDtype); }

// partial += what columns c … c + 31 add to the integer sums: of the minima, or of the rest.
void add_products(uint c, bool minima) {
  const uint bits = packed_bits(kDtype), part = (c % 256u) / 32u;
  for (uint f = 0u; f < kFeatures; ++f) {
    const uint base = (weight_row[f] * (p.padded_cols / 256u) + c / 256u) * packed_words(kDtype);
    const uint at = scales_at(weight_row[f], c);
    uint four[8];
    for (uint g = 0u; g < 8u; ++g) {
      const uint group = part * 8u + g;
      const uint upper = bits == 6u ? words[base + packed_upper_word_of(group)] : 0u;
      four[g] = packed_four(bits, words[base + packed_word_of(bits, group)], upper, group);
    }
    int scale[2] = {1, 1};  // of 16 columns
    if (kDtype == TRITIUM_DTYPE_Q4_K)
      scale[0] = scale[1] = minima ? packed_q4_k_minimum(weight_scales[at + 1u], weight_scales[at + 2u],
                                                         weight_scales[at + 3u], part)
                                   : packed_q4_k_scale(weight_scales[at + 1u], weight_scales[at + 2u], part);
    if (kDtype == TRITIUM_DTYPE_Q6_K)
      for (uint side = 0u; side < 2u; ++side)
        scale[side] = packed_q6_k_scale(weight_scales[at + part / 2u], 2u * part + side);
    for (uint t = 0u; t < kTile; ++t) {
      const uint x = row_of_x[t] * (p.padded_cols / 4u) + c / 4u;
      for (uint side = 0u; side < 2u; ++side) {
        int products = 0, activations = 0;
        for (uint g = 4u * side; g < 4u * side + 4u; ++g) {
          const uint values = q[x + g];
          for (uint i = 0u; i < 4u; ++i) {
            products += packed_byte(four[g], i) * unpack_i8(values, i);
            activations += unpack_i8(values, i);
          }
        }
        partial[f * kTile + t] += scale[side] * (minima ? activations : products - packed_bias(kDtype) * activations);
      }
    }
  }
}

// The float scale of the weight's columns from c on.
float segment_scale(uint row, uint c, bool minima) {
  const uint at = scales_at(row, c);
  if (kDtype == TRITIUM_DTYPE_Q4_K) return half_value(minima ? weight_scales[at] >> 16u : weight_scales[at] & 0xFFFFu);
  if (kDtype == TRITIUM_DTYPE_Q6_K) return half_value(weight_scales[at + 4u]);
  return packed_small_scale(weight_scales[at + (c % 256u) / 64u], (c % 256u) / 32u);
}

// Adds the segments of columns first … end - 1, in order, to the sum of output o.
float add_segments(float sum, uint o, uint first, uint end, uint first_window_row, bool minima) {
  const uint row = first_window_row + team_feature() + o / kTile;
  const uint scales_of_x = row_of_x[o % kTile] * p.n_blocks;
  for (uint s = first; s < end; s += kSegment) {
    int integer_sum = 0;
    for (uint l = 0u; l < kSegment / kStep; ++l) integer_sum += published((s - first) / kStep + l, o);
    sum = accumulate_segment(sum, integer_sum, segment_scale(row, s, minima),
                             scales[scales_of_x + (p.n_blocks > 1u ? s / 256u : 0u)]);
  }
  return sum;
}

float sums[kFinished];
float minima_sums[kFinished];

// A phase is whole segments, added up together: a team has 8 lanes or more.
void add_phase(uint first, uint first_feature, uint first_row, uint first_window_row, bool minima) {
  const uint end = min(first + kTeam * kStep, p.padded_cols);
  for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0;
  const uint c = first + kStep * team_lane();
  if (c < end) add_products(c, minima);
  barrier();  // the last phase's sums have been read
  for (uint o = 0u; o < kOutputs; ++o) team_scratch[gl_LocalInvocationIndex * kScratchStride + o] = partial[o];
  barrier();
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (!is_output(o, first_feature, first_row, first_window_row)) continue;
    if (minima) {
      minima_sums[i] = add_segments(minima_sums[i], o, first, end, first_window_row, true);
    } else {
      sums[i] = add_segments(sums[i], o, first, end, first_window_row, false);
    }
  }
}

void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row) {
  for (uint i = 0u; i < kFinished; ++i) sums[i] = minima_sums[i] = 0.0;
  for (uint first = 0u; matrix_exists && first < p.padded_cols; first += kTeam * kStep) {
    add_phase(first, first_feature, first_row, first_window_row, false);
    if (kDtype == TRITIUM_DTYPE_Q4_K) add_phase(first, first_feature, first_row, first_window_row, true);
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (is_output(o, first_feature, first_row, first_window_row))
      write_output(o, first_feature, first_row, less_minima(sums[i], minima_sums[i]));
  }
}
