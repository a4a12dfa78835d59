// y[t] = row tokens[t] of a table of weights.
//   table: (vocabulary, dim), rows row_stride elements apart; scales: f32 [vocabulary, n_groups], ternary only, or words
//   of a packed table's; both a window of n_weight_rows rows from first_weight_row; tokens: i32 [n_tokens]; y: f32 [n_tokens, dim]
// A workgroup computes 128 values; 4 bytes written and at most 4 read a value.
#version 450

#include "lib/dense_weight.glsl"
#include "lib/grid.glsl"
#include "lib/packed.h"
#include "lib/device_trits.h"
#include "params/embedding.h"

layout(push_constant) uniform Push { EmbeddingParams p; };
layout(set = 0, binding = 0) readonly buffer Table { uint words[]; };
layout(set = 0, binding = 1) readonly buffer Scales { uint scales[]; };
layout(set = 0, binding = 2) readonly buffer Tokens { int tokens[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

// Column `column` of a block.
float packed_at(uint block, uint column) {
  const uint bits = packed_bits(p.dtype), group = column / 4u;
  const uint base = block * packed_words(p.dtype), at = block * packed_scale_words(p.dtype);
  const uint upper = bits == 6u ? words[base + packed_upper_word_of(group)] : 0u;
  const uint four = packed_four(bits, words[base + packed_word_of(bits, group)], upper, group);
  const PackedScale scale = packed_scale(p.dtype, column, scales[at + packed_scale_word(p.dtype, column, 0u)],
                                         scales[at + packed_scale_word(p.dtype, column, 1u)],
                                         scales[at + packed_scale_word(p.dtype, column, 2u)],
                                         scales[at + packed_scale_word(p.dtype, column, 3u)]);
  return packed_value(scale, packed_byte(four, column % 4u) - packed_bias(p.dtype));
}

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.dim) return;
  const uint column = i % p.dim;
  const uint row = uint(tokens[i / p.dim]) - p.first_weight_row;  // wraps to a large number below the window
  if (row >= p.n_weight_rows) {
    // Another window's, or nobody's: then it is 0, not what was there.
    if (p.first_weight_row == 0u) y[i] = 0.0;
    return;
  }
  if (p.dtype == TRITIUM_DTYPE_TRIT2) {
    // Words before codes: a plane of 4 GiB has more codes than 32 bits count.
    const uint word = words[row * (p.row_stride / 16u) + column / 16u];
    y[i] = uintBitsToFloat(scales[row * p.n_groups + column / p.group_size]) * float(device_trit(word, column % 16u));
  } else if (p.dtype >= TRITIUM_DTYPE_Q8_0) {
    y[i] = packed_at(row * (p.row_stride / 256u) + column / 256u, column % 256u);
  } else {
    const uint index = row * p.row_stride + column;
    y[i] = dense_value(p.dtype, words[index >> dense_shift(p.dtype)], index);
  }
}
