// y[r, n] = sum over segments, in order, (weight_scale * x_scale) * float(sum over the segment of scale * w * q), less
// the like sum of minima (lib/packed.h; ops/packed_matmul.h says what the segments of each type are)
//   q: i8 [n_rows / rows_per_x, padded_cols], four to a word; scales: f32 [n_rows / rows_per_x, n_blocks];
//   words, weight_scales: words of codes and of scales (n_matrices, out_features, blocks of 256), both a window of
//   n_weight_rows rows from first_weight_row; expert_ids: i32 [n_rows], when routed; y: f32 [n_rows, out_features]
// A workgroup computes kBlock features for kTile rows (lib/team.glsl), an invocation kStep columns at a time: 16 to 48
// bytes of codes, 2 operations for each column of its kTile outputs. What segments come to is computed by all
// invocations, and added up, in order, by those that finish outputs.
// Variants: dot (lib/byte_products.glsl)
#version 450

#include "lib/byte_products.glsl"
#include "lib/packed.h"
#include "lib/ternary.h"
#include "params/packed_matmul.h"

layout(constant_id = 3) const uint kDtype = TRITIUM_DTYPE_Q8_0;
layout(push_constant) uniform Push { PackedMatmulParams p; };
layout(set = 0, binding = 0) readonly buffer Q { uvec4 q[]; };  // 16 values each
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Words { uvec4 words[]; };
layout(set = 0, binding = 3) readonly buffer WeightScales { uint weight_scales[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) writeonly buffer Y { float y[]; };

#include "lib/product.glsl"
#include "lib/segments.glsl"

const bool kQ4K = kDtype == TRITIUM_DTYPE_Q4_K;
const bool kQ6K = kDtype == TRITIUM_DTYPE_Q6_K;
const uint kBits = kDtype == TRITIUM_DTYPE_Q8_0 ? 8u : kQ6K ? 6u : 4u;
const uint kStep = kQ6K ? 64u : 32u;              // columns: whole pieces of 16 bytes
const uint kPieces = kStep * kBits / 128u;        // that they are
const uint kSixteens = kStep / 16u;               // columns that share words
const uint kSegment = kQ4K || kQ6K ? 256u : 32u;  // that share a float scale
const uint kLanes = kSegment / kStep;             // that share a segment; a team has as many, or more

uint piece_begin[kFeatures];        // of this team's rows
uint scale_begin[kFeatures];        // their words of scales
uint x_begin[kTile];                // of its rows of x, in 16 columns
uvec4 pieces[kFeatures * kPieces];  // of codes, of columns of this invocation
int partial_minima[kOutputs];       // of minima what `partial` is
uint term_scale_begin[kFinished];   // of the outputs of segments.glsl: words of scales
uint term_x_begin[kFinished];       // and scales of x
float minima[kFinished];            // their sums, while others are added to
bool of_minima = false;             // which sums are added up

// Word i of the pieces of feature f.
uint word_of(uint f, uint i) { return pieces[f * kPieces + i / 4u][i % 4u]; }

// The codes of 16 columns, as bytes.
uvec4 sixteen_codes(uint f, uint sixteen) {
  uvec4 codes;
  for (uint g = 0u; g < 4u; ++g) {
    const uint word = word_of(f, kBits == 8u ? 4u * sixteen + g : sixteen * (kBits / 2u) + g / 2u);
    const uint upper = kQ6K ? word_of(f, 3u * sixteen + 2u) : 0u;
    codes[g] = packed_four(kBits, word, upper, g);
  }
  return codes;
}

// sum plus w q over 16 columns, less what packed_bias() times the values makes of it: of codes that are signed already
// that is nothing.
#ifdef TRITIUM_VARIANT_DOT
const bool kSigned = kBits == 8u;
int with_sixteen(int sum, uvec4 codes, uvec4 values) {
  return kSigned ? with_signed_products(sum, codes ^ 0x80808080u, values) : with_byte_products(sum, codes, values);
}
#else
const bool kSigned = false;
int with_sixteen(int sum, uvec4 codes, uvec4 values) { return with_byte_products(sum, codes, values); }
#endif
int bias_of(int value_sum) { return kSigned ? 0 : packed_bias(kDtype) * value_sum; }

// partial, partial_minima = what columns c … c + kStep - 1 add to the integer sums.
void add_products(uint c) {
  for (uint f = 0u; f < kFeatures; ++f)
    for (uint i = 0u; i < kPieces; ++i) pieces[f * kPieces + i] = words[piece_begin[f] + c / kStep * kPieces + i];
  const uint part = c % 256u / 32u;  // of 32 columns of a block
  uint scale[kFeatures], minimum[kFeatures];
  uvec3 scale_words[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) {
    const uint at = scale_begin[f] + c / 256u * packed_scale_words(kDtype);
    if (kQ4K) scale_words[f] = uvec3(weight_scales[at + 1u], weight_scales[at + 2u], weight_scales[at + 3u]);
    if (kQ6K) scale_words[f].x = weight_scales[at + part / 2u];  // of 16 columns each
  }
  for (uint f = 0u; f < kFeatures && kQ4K; ++f) {
    const uvec3 w = scale_words[f];
    scale[f] = uint(packed_q4_k_scale(w.x, w.y, part)) & 63u;
    minimum[f] = uint(packed_q4_k_minimum(w.x, w.y, w.z, part)) & 63u;
  }
  int value_sums[kTile];
  for (uint t = 0u; t < kTile; ++t) value_sums[t] = 0;
  for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0;
  for (uint sixteen = 0u; sixteen < kSixteens; ++sixteen) {
    uvec4 codes[kFeatures];
    for (uint f = 0u; f < kFeatures; ++f) codes[f] = sixteen_codes(f, sixteen);
    for (uint t = 0u; t < kTile; ++t) {
      const uvec4 values = q[x_begin[t] + c / 16u + sixteen];
      const int value_sum = with_values(0, values);
      value_sums[t] += value_sum;
      for (uint f = 0u; f < kFeatures; ++f) {
        const uint o = f * kTile + t;
        if (kQ6K)
          partial[o] += signed_small_product(packed_q6_k_scale(scale_words[f].x, sixteen),
                                             with_sixteen(-bias_of(value_sum), codes[f], values));
        else
          partial[o] = with_sixteen(partial[o], codes[f], values);
      }
    }
  }
  for (uint o = 0u; o < kOutputs && !kQ6K; ++o) {
    if (!kQ4K) partial[o] -= bias_of(value_sums[o % kTile]);
    if (!kQ4K) continue;
    partial[o] = small_product(scale[o / kTile], partial[o]);
    partial_minima[o] = small_product(minimum[o / kTile], value_sums[o % kTile]);
  }
}

float weight_scale_of(uint slot, uint c) {
  const uint at = term_scale_begin[slot] + c / 256u * packed_scale_words(kDtype);
  if (kQ4K) return half_value(of_minima ? weight_scales[at] >> 16u : weight_scales[at] & 0xFFFFu);
  if (kQ6K) return half_value(weight_scales[at + 4u]);
  return packed_small_scale(weight_scales[at + c % 256u / 64u], c % 256u / 32u);
}

float x_scale_of(uint slot, uint c) { return scales[term_x_begin[slot] + (p.n_blocks > 1u ? c / 256u : 0u)]; }

void begin_rows(uint first_row, uint first_window_row) {
  const uint blocks = p.padded_cols / 256u;
  for (uint f = 0u; f < kFeatures; ++f) {
    piece_begin[f] = weight_row[f] * (p.padded_cols / kStep * kPieces);
    scale_begin[f] = weight_row[f] * blocks * packed_scale_words(kDtype);
  }
  for (uint t = 0u; t < kTile; ++t) x_begin[t] = row_of_x[t] * (p.padded_cols / 16u);
  for (uint i = 0u; i < kFinished; ++i) {
    term_scale_begin[i] = window_row(output_of(i), first_window_row) * blocks * packed_scale_words(kDtype);
    term_x_begin[i] = x_row(first_row + output_of(i) % kTile) * p.n_blocks;
  }
}

void swap_sums() {
  for (uint i = 0u; i < kFinished; ++i) {
    const float sum = sums[i];
    sums[i] = minima[i];
    minima[i] = sum;
  }
}

void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row) {
  begin_rows(first_row, first_window_row);
  for (uint i = 0u; i < kFinished; ++i) sums[i] = minima[i] = 0.0;
  for (uint first = 0u; matrix_exists && first < p.padded_cols; first += kTeam * kStep) {
    const uint end = min(first + kTeam * kStep, p.padded_cols);
    const uint c = first + kStep * team_lane();
    for (uint o = 0u; o < kOutputs; ++o) partial[o] = partial_minima[o] = 0;
    if (c < end) add_products(c);
    of_minima = false;
    add_segments(first, end, kSegment, kLanes, partial);
    if (!kQ4K) continue;
    swap_sums();
    of_minima = true;
    add_segments(first, end, kSegment, kLanes, partial_minima);
    swap_sums();
  }
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (is_output(o, first_feature, first_row, first_window_row))
      write_output(o, first_feature, first_row, less_minima(sums[i], minima[i]));
  }
}
