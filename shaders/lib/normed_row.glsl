// A row as rms_norm.comp gives it, for whoever reads its values: raw_values() of the shader, which declares norm_weight
// before. GLSL only.
#ifndef TRITIUM_LIB_NORMED_ROW_GLSL
#define TRITIUM_LIB_NORMED_ROW_GLSL

#include "lib/four_columns.glsl"
#include "lib/reduce.glsl"

float inverse_rms = 1.0;

vec4 raw_values(uint row, uvec4 columns);

// This invocation's part of a row's sum of squares.
float squares_of(uint row, uint cols) {
  float squares = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < cols; c += 4u * kWorkgroup) {
    const uvec4 columns = columns_apart(c);
    const vec4 values = before_end(raw_values(row, readable(columns, cols)), columns, cols);
    for (uint i = 0u; i < 4u; ++i) squares += values[i] * values[i];
  }
  return squares;
}

float inverse_rms_of(float squares, uint cols, float eps) { return 1.0 / sqrt(squares / float(cols) + eps); }

// Before normed_values() is asked for the row. Every invocation calls it.
void measure_row(uint row, uint cols, float eps) {
  inverse_rms = inverse_rms_of(workgroup_sum(squares_of(row, cols)), cols, eps);
}

vec4 normed_values(uint row, uvec4 columns) {
  const vec4 values = raw_values(row, columns);
  vec4 weights;
  for (uint i = 0u; i < 4u; ++i) weights[i] = norm_weight[columns[i]];
  return values * inverse_rms * weights;
}

#endif
