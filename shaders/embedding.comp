// y[t] = row tokens[t] of a table of dense or ternary weights.
//   table: (vocabulary, dim), rows row_stride elements apart; scales: f32 [vocabulary, n_groups], ternary only; both a
//   window of n_weight_rows rows from first_weight_row; tokens: i32 [n_tokens]; y: f32 [n_tokens, dim]
// A workgroup computes 128 values; 4 bytes written and at most 4 read a value.
#version 450

#include "lib/dense_weight.glsl"
#include "lib/grid.glsl"
#include "lib/ternary.h"
#include "params/embedding.h"

layout(push_constant) uniform Push { EmbeddingParams p; };
layout(set = 0, binding = 0) readonly buffer Table { uint words[]; };
layout(set = 0, binding = 1) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 2) readonly buffer Tokens { int tokens[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

void main() {
  const uint i = folded_invocation(128u);
  if (i >= p.n_tokens * p.dim) return;
  const uint column = i % p.dim;
  const uint row = uint(tokens[i / p.dim]) - p.first_weight_row;  // wraps to a large number below the window
  if (row >= p.n_weight_rows) return;
  if (p.dtype == TRITIUM_DTYPE_TRIT2) {
    // Words before codes: a plane of 4 GiB has more codes than 32 bits count.
    const uint word = words[row * (p.row_stride / 16u) + column / 16u];
    y[i] = scales[row * p.n_groups + column / p.group_size] * float(unpack_trit(word, column % 16u));
  } else {
    const uint index = row * p.row_stride + column;
    y[i] = dense_value(p.dtype, words[index >> dense_shift(p.dtype)], index);
  }
}
