// gradient *= (factor of the row) (factor of the column): the last of the dispatches that make a direction
// (factored_direction.{rows,columns,factors,clip}.comp are before it).
//   gradient: f32 [n_matrices, rows, cols]; row_factors: f32 [n_matrices, rows];
//   col_factors: f32 [n_matrices, chunks, cols], those of chunk 0
// An invocation computes a value: 8 bytes and the two factors, which stay in caches.
#version 450

#include "lib/grid.glsl"
#include "params/factored_direction.h"

layout(push_constant) uniform Push { FactoredDirectionParams p; };
layout(set = 0, binding = 0) buffer Gradient { float gradient[]; };
layout(set = 0, binding = 1) readonly buffer RowFactors { float row_factors[]; };
layout(set = 0, binding = 2) readonly buffer ColFactors { float col_factors[]; };

void main() {
  const uint at = folded_invocation(kWorkgroup);
  if (at >= p.n_matrices * p.rows * p.cols) return;
  const uint row = at / p.cols;
  const uint chunks = (p.rows + p.chunk_rows - 1u) / p.chunk_rows;
  gradient[at] *= row_factors[row] * col_factors[row / p.rows * chunks * p.cols + at % p.cols];
}
