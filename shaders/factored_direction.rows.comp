// squares = sum over each row of g^2, or with factors of (g (factor of the row) (factor of the column))^2.
//   gradient: f32 [n_matrices, rows, cols]; row_factors, squares: f32 [n_matrices, rows];
//   col_factors: f32 [n_matrices, chunks, cols], those of chunk 0
// A workgroup computes a row: 4 bytes and 2 to 4 operations a value.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/factored_direction.h"

layout(push_constant) uniform Push { FactoredDirectionParams p; };
layout(set = 0, binding = 0) readonly buffer Gradient { float gradient[]; };
layout(set = 0, binding = 1) readonly buffer RowFactors { float row_factors[]; };
layout(set = 0, binding = 2) readonly buffer ColFactors { float col_factors[]; };
layout(set = 0, binding = 3) writeonly buffer Squares { float squares[]; };
layout(constant_id = 0) const uint kWithFactors = 0u;

void main() {
  const uint row = folded_group();
  if (row >= p.n_matrices * p.rows) return;
  const uint chunks = (p.rows + p.chunk_rows - 1u) / p.chunk_rows;
  const uint first = row / p.rows * chunks * p.cols;
  float sum = 0.0;
  for (uint c = gl_LocalInvocationIndex; c < p.cols; c += kWorkgroup) {
    float u = gradient[row * p.cols + c];
    if (kWithFactors == 1u) u *= row_factors[row] * col_factors[first + c];
    sum += u * u;
  }
  sum = workgroup_sum(sum);
  if (gl_LocalInvocationIndex == 0u) squares[row] = sum;
}
