// y = norm(x + branch) of a row, as add.comp and rms_norm.comp give it, for whoever reads its values one at a time.
// The shader declares x, branch and norm_weight before. GLSL only.
#ifndef TRITIUM_LIB_NORMED_ROW_GLSL
#define TRITIUM_LIB_NORMED_ROW_GLSL

#include "lib/reduce.glsl"

float inverse_rms = 1.0;

float added_value(uint at, bool with_branch) { return with_branch ? x[at] + branch[at] : x[at]; }

// Before normed_value() is asked for the row. Every invocation calls it.
void measure_row(uint row, uint dim, float eps, bool with_branch) {
  float squares = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < dim; d += kWorkgroup) {
    const float value = added_value(row * dim + d, with_branch);
    squares += value * value;
  }
  inverse_rms = 1.0 / sqrt(workgroup_sum(squares) / float(dim) + eps);
}

float normed_value(uint row, uint column, uint dim, bool with_branch) {
  return added_value(row * dim + column, with_branch) * inverse_rms * norm_weight[column];
}

#endif
