// x + branch, as add.comp gives it, or x alone. The shader declares both before, and `sum_of_both`, where the sum goes.
// GLSL only.
#ifndef TRITIUM_LIB_BRANCHED_ROW_GLSL
#define TRITIUM_LIB_BRANCHED_ROW_GLSL

#include "lib/four_columns.glsl"

vec4 added_values(uint first, uvec4 columns, bool with_branch) {
  vec4 values;
  for (uint i = 0u; i < 4u; ++i) values[i] = x[first + columns[i]];
  if (!with_branch) return values;
  vec4 others;
  for (uint i = 0u; i < 4u; ++i) others[i] = branch[first + columns[i]];
  return values + others;
}

// Of a row that begins at `first`.
void write_sum(uint first, uint dim) {
  for (uint c = gl_LocalInvocationIndex; c < dim; c += 4u * kWorkgroup) {
    const uvec4 columns = columns_apart(c);
    const vec4 sums = added_values(first, readable(columns, dim), true);
    for (uint i = 0u; i < 4u; ++i)
      if (columns[i] < dim) sum_of_both[first + columns[i]] = sums[i];
  }
}

#endif
