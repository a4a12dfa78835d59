// What fused operations have in common: a workgroup turns rows of floats into int8 codes for itself, in shared memory,
// and multiplies them with trits. So the stages before a product need no dispatch of their own; each workgroup repeats
// them, with the same bits. The shader defines own_value(), weight_words() and weight_scale(). GLSL only.
#ifndef TRITIUM_LIB_OWN_CODES_GLSL
#define TRITIUM_LIB_OWN_CODES_GLSL

#include "lib/int8_block.glsl"
#include "lib/team.glsl"
#include "lib/ternary.h"
#include "lib/word_product.glsl"

layout(constant_id = 3) const uint kStep = 64u;       // as in ternary_matmul.comp
layout(constant_id = 4) const uint kCodeWords = 16u;  // of all rows: four codes each

shared uint own_codes[kCodeWords];
uint weight_row[kFeatures];  // rows that this team reads
uint row_begin[kFeatures];   // their words
int partial[kFeatures];      // over this invocation's columns of a phase

float own_value(uint row, uint column);  // what is to be quantised
uvec4 weight_words(uint index);          // 64 trits
float weight_scale(uint index);

// Quantises a row (quantize_activations.comp) to the words from first_word on; returns its scale. Every invocation
// calls it.
float quantise_row(uint row, uint cols, uint padded_cols, uint first_word) {
  uint bits = 0u;
  for (uint c = gl_LocalInvocationIndex; c < cols; c += kWorkgroup) bits = max(bits, magnitude_bits(own_value(row, c)));
  const Int8Block codes = int8_block(largest_of_workgroup(bits));
  for (uint word = gl_LocalInvocationIndex; word < padded_cols / 4u; word += kWorkgroup) {
    uint packed_values = 0u;
    for (uint b = 0u; b < 4u; ++b) {
      const uint c = 4u * word + b;
      const int value = c < cols ? int8_code(own_value(row, c), codes) : 0;
      packed_values |= (uint(value) & 255u) << (8u * b);
    }
    own_codes[first_word + word] = packed_values;
  }
  barrier();  // the codes are there, and the maximum has been read
  return codes.scale;
}

void add_products(uint c, uint first_word) {
  uvec4 row_codes[kFeatures];
  for (uint f = 0u; f < kFeatures; ++f) row_codes[f] = weight_words(row_begin[f] + c / 64u);
  for (uint w = 0u; w < kStep / 16u; ++w) {
    const uint component = kStep == 64u ? w : (c / 16u + w) % 4u;
    uvec4 values;
    for (uint i = 0u; i < 4u; ++i) values[i] = own_codes[first_word + c / 4u + 4u * w + i];
    const int value_sum = sum_of_values(values);
    for (uint f = 0u; f < kFeatures; ++f) partial[f] += sum_of_products(row_codes[f][component], values) - value_sum;
  }
}

// sums[i] = weight_row[o] times the codes, o = team_lane() + i kTeam, with segments in order. Every invocation calls
// it.
void multiply(uint first_word, uint padded_cols, uint group_size, uint n_groups, float x_scale,
              out float sums[kFinished]) {
  const uint phase = max(group_size, kTeam * kStep);  // whole segments, added up together
  const uint lanes = min(kTeam, group_size / kStep);  // that share a segment
  for (uint i = 0u; i < kFinished; ++i) sums[i] = 0.0;
  for (uint f = 0u; f < kFeatures; ++f) row_begin[f] = weight_row[f] * (padded_cols / 64u);
  for (uint first = 0u; first < padded_cols; first += phase) {
    const uint end = min(first + phase, padded_cols);
    for (uint f = 0u; f < kFeatures; ++f) partial[f] = 0;
    for (uint c = first + kStep * team_lane(); c < end; c += kStep * kTeam) add_products(c, first_word);
    barrier();  // the last phase's sums have been read
    for (uint f = 0u; f < kFeatures; ++f) team_scratch[gl_LocalInvocationIndex * kScratchStride + f] = partial[f];
    barrier();
    for (uint i = 0u; i < kFinished; ++i) {
      const uint o = team_lane() + i * kTeam;
      if (o >= kFeatures) continue;
      for (uint s = first; s < end; s += group_size) {
        int integer_sum = 0;
        for (uint l = 0u; l < lanes; ++l) integer_sum += published((s - first) / kStep + l, o);
        sums[i] =
            accumulate_segment(sums[i], integer_sum, weight_scale(weight_row[o] * n_groups + s / group_size), x_scale);
      }
    }
  }
}

#endif
