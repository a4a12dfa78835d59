// row_factors *= 1 / max(1, rms / clip), rms the root mean square of a matrix's direction.
//   squares: f32 [n_matrices, rows], of each row of the direction; row_factors: f32 [n_matrices, rows]
// A workgroup computes a matrix: 12 bytes a row.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/factored_direction.h"

layout(push_constant) uniform Push { FactoredDirectionParams p; };
layout(set = 0, binding = 0) readonly buffer Squares { float squares[]; };
layout(set = 0, binding = 1) buffer RowFactors { float row_factors[]; };

void main() {
  const uint matrix = folded_group();
  if (matrix >= p.n_matrices) return;
  const uint first = matrix * p.rows;
  const uint last = first + p.rows;
  float sum = 0.0;
  for (uint row = first + gl_LocalInvocationIndex; row < last; row += kWorkgroup) sum += squares[row];
  const float rms = sqrt(workgroup_sum(sum) / (float(p.rows) * float(p.cols)));
  const float shrunk = 1.0 / max(1.0, rms / p.clip);
  for (uint row = first + gl_LocalInvocationIndex; row < last; row += kWorkgroup) row_factors[row] *= shrunk;
}
