// y = norm(x + branch), its int8 codes, and sum = x + branch, as far as they are wanted.
//   x, branch, sum, y: f32 [n_rows, dim]; norm_weight: f32 [dim]; q: i8 [n_rows, padded_cols], four to a word;
//   scales: f32 [n_rows]
// A workgroup does a row: 8 bytes and about 10 operations a value, most of them out of a cache.
#version 450

#include "params/norm_rows.h"

layout(push_constant) uniform Push { NormRowsParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Branch { float branch[]; };
layout(set = 0, binding = 2) readonly buffer NormWeight { float norm_weight[]; };
layout(set = 0, binding = 3) writeonly buffer Sum { float sum_of_both[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };
layout(set = 0, binding = 5) writeonly buffer Q { uint q[]; };
layout(set = 0, binding = 6) writeonly buffer Scales { float scales[]; };

#include "lib/branched_row.glsl"
#include "lib/normed_row.glsl"
#include "lib/quantised_row.glsl"

vec4 raw_values(uint row, uvec4 columns) { return added_values(row * p.dim, columns, p.with_branch == 1u); }
vec4 own_values(uint row, uvec4 columns) { return normed_values(row, columns); }
void keep_codes(uint word, uint codes) { q[word] = codes; }

void write_floats(uint row) {
  for (uint c = gl_LocalInvocationIndex; c < p.dim; c += 4u * kWorkgroup) {
    const uvec4 columns = columns_apart(c);
    const vec4 values = normed_values(row, readable(columns, p.dim));
    for (uint i = 0u; i < 4u; ++i)
      if (columns[i] < p.dim) y[row * p.dim + columns[i]] = values[i];
  }
}

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  if (p.with_branch == 1u) write_sum(row * p.dim, p.dim);
  measure_row(row, p.dim, p.eps);
  if (p.with_floats == 1u) write_floats(row);
  if (p.with_codes == 0u) return;
  const float scale = quantise_row(row, 0u, p.dim, p.padded_cols, row * (p.padded_cols / 4u));
  if (gl_LocalInvocationIndex == 0u) scales[row] = scale;
}
