// What fused operations have in common: a workgroup turns kTile rows of floats into int8 codes for itself, in shared
// memory, and multiplies them with trits, each with rows of its own. So the stages before a product need no dispatch of
// their own; each workgroup repeats them, with the same bits. The shader defines own_values(), weight_words() and
// weight_scale(). GLSL only.
#ifndef TRITIUM_LIB_OWN_CODES_GLSL
#define TRITIUM_LIB_OWN_CODES_GLSL

#include "lib/quantised_row.glsl"
#include "lib/segments.glsl"
#include "lib/word_product.glsl"

layout(constant_id = 3) const uint kStep = 64u;       // as in ternary_matmul.comp
layout(constant_id = 4) const uint kCodeWords = 16u;  // of a row: four codes each
layout(constant_id = 5) const uint kGroup = 0u;       // columns of a scale of the weights; 0: a row
const uint kOfParameters = 0xFFFFFFFFu;               // of weights that differ

const uint kRounds = (kCodeWords + kWorkgroup - 1u) / kWorkgroup;
const bool kKept = kRounds * kTile <= 16u;  // whether an invocation keeps the values of its words of codes

shared uint own_codes[kTile * kCodeWords];
shared float own_inverse[kTile];
shared float own_scale[kTile];
uint own_tile = 0u;           // the row that own_values() is asked for, of kTile
uint weight_row[kOutputs];    // rows that this team reads
uint row_begin[kOutputs];     // their words
uint scale_begin[kFinished];  // and scales, of the outputs of segments.glsl
float scale_of_x[kFinished];
uint scale_columns = 1u;  // that a scale covers; 0: a row

uvec4 weight_words(uint index);  // 64 trits
float weight_scale(uint index);

void keep_codes(uint word, uint codes) { own_codes[word] = codes; }

// Quantises rows first … first + kTile - 1 (quantize_activations.comp), in place of those beyond the last this one.
// Every invocation calls it.
void make_codes(uint first, uint last, uint cols) {
  const uint lane = gl_LocalInvocationIndex;
  vec4 kept[kTile * kRounds];
  for (uint r = 0u; r < kRounds && kKept; ++r)
    for (own_tile = 0u; own_tile < kTile; ++own_tile) {
      const uvec4 columns = neighbours(4u * (lane + r * kWorkgroup));
      const vec4 values = own_values(min(first + own_tile, last), readable(columns, cols));
      kept[r * kTile + own_tile] = before_end(values, columns, cols);
    }
  for (own_tile = 0u; own_tile < kTile; ++own_tile) {
    uint bits = 0u;
    for (uint r = 0u; r < kRounds && kKept; ++r) bits = max(bits, largest_magnitude(kept[r * kTile + own_tile]));
    if (!kKept) bits = largest_of_row(min(first + own_tile, last), 0u, cols);
    publish(own_tile, bits);
  }
  grow_branches(kReduceMaxOfBits, kTile);
  if (lane < kTile) {
    const Int8Block block = int8_block(reduced(kReduceMaxOfBits, lane));
    own_inverse[lane] = block.inverse;
    own_scale[lane] = block.scale;
  }
  barrier();
  for (own_tile = 0u; own_tile < kTile; ++own_tile) {
    const Int8Block block = Int8Block(own_inverse[own_tile], own_scale[own_tile]);
    if (!kKept) write_codes(min(first + own_tile, last), 0u, cols, 4u * kCodeWords, own_tile * kCodeWords, block);
    for (uint r = 0u; r < kRounds && kKept; ++r)
      if (lane + r * kWorkgroup < kCodeWords)
        keep_codes(own_tile * kCodeWords + lane + r * kWorkgroup, four_codes(kept[r * kTile + own_tile], block));
  }
  barrier();  // the codes are there
}

void add_products(uint c) {
  uvec4 row_codes[kOutputs];
  for (uint o = 0u; o < kOutputs; ++o) row_codes[o] = weight_words(row_begin[o] + c / 64u);
  int value_sums[kTile];
  for (uint t = 0u; t < kTile; ++t) value_sums[t] = 0;
  for (uint w = 0u; w < kStep / 16u; ++w) {
    const uint component = kStep == 64u ? w : (c / 16u + w) % 4u;
    for (uint t = 0u; t < kTile; ++t) {
      uvec4 values;
      for (uint i = 0u; i < 4u; ++i) values[i] = own_codes[t * kCodeWords + c / 4u + 4u * w + i];
      value_sums[t] = with_values(value_sums[t], values);
      for (uint f = 0u; f < kFeatures; ++f) {
        const uint o = f * kTile + t;
        partial[o] = with_products(partial[o], row_codes[o][component], values);
      }
    }
  }
  for (uint o = 0u; o < kOutputs; ++o) partial[o] -= value_sums[o % kTile];
}

float weight_scale_of(uint slot, uint c) {
  return weight_scale(scale_begin[slot] + (scale_columns > 0u ? c / max(scale_columns, 1u) : 0u));
}
float x_scale_of(uint slot, uint c) { return scale_of_x[slot]; }

// sums[i] = weight_row[o] times the codes, o = output_of(i), whose scales own_scale says, with segments in order. Every
// invocation calls it.
void multiply(uint group_size, uint n_groups) {
  const uint cols = 4u * kCodeWords;
  scale_columns = kGroup == kOfParameters ? group_size : kGroup;
  const uint segment = scale_columns == 0u ? cols : scale_columns;
  const uint phase = max(segment, kTeam * kStep);                         // whole segments, added up together
  const uint lanes = kGroup == 0u ? kTeam : min(kTeam, segment / kStep);  // that share a segment
  for (uint i = 0u; i < kFinished; ++i) {
    sums[i] = 0.0;
    scale_begin[i] = weight_row[output_of(i)] * n_groups;
    scale_of_x[i] = own_scale[output_of(i) % kTile];
  }
  for (uint o = 0u; o < kOutputs; ++o) row_begin[o] = weight_row[o] * (cols / 64u);
  for (uint first = 0u; first < cols; first += phase) {
    const uint end = min(first + phase, cols);
    for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0;
    for (uint c = first + kStep * team_lane(); c < end; c += kStep * kTeam) add_products(c);
    add_segments(first, end, segment, lanes, partial);
  }
}

#endif
