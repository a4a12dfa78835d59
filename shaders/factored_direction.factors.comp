// r = beta2 r + (1 - beta2) mean of g^2 over each row, c the same over each column, from sums of g^2, in whose place are
// then the factors that make the direction of a gradient: gradient_scale / sqrt(correction2 r / mean(r)) of a row and
// 1 / sqrt(c) of a column; 0, and r and c as they were, of a matrix without gradient.
//   rows: f32 [n_matrices, rows]; columns: f32 [n_matrices, chunks, cols], factors in chunk 0;
//   row_squares: f32 [n_matrices, rows]; col_squares: f32 [n_matrices, cols]
// A workgroup computes a matrix: 20 bytes a row, and 4 for each chunk of a column.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "lib/step.h"
#include "params/factored_direction.h"

layout(push_constant) uniform Push { FactoredDirectionParams recorded; };
layout(set = 0, binding = 0) buffer Rows { float rows[]; };
layout(set = 0, binding = 1) buffer Columns { float columns[]; };
layout(set = 0, binding = 2) buffer RowSquares { float row_squares[]; };
layout(set = 0, binding = 3) buffer ColSquares { float col_squares[]; };
layout(set = 0, binding = 4) readonly buffer Step { StepValues now; };
layout(constant_id = 0) const uint kAtStep = 0u;

FactoredDirectionParams p;  // those of the step (lib/step.h)

float running_mean(float before, float squares, uint n) {
  const float mean = p.gradient_scale * p.gradient_scale * squares / float(n) + TRITIUM_FACTORED_FLOOR;
  return p.beta2 * before + (1.0 - p.beta2) * mean;
}

float part_of(float squares, float mean) { return max(squares / mean, TRITIUM_FACTORED_FLOOR); }

void update_column(uint matrix, uint column, uint chunks, bool has_gradient) {
  const uint first = matrix * chunks * p.cols + column;
  float sum = 0.0;
  for (uint chunk = 0u; chunk < chunks; ++chunk) sum += columns[first + chunk * p.cols];
  columns[first] = 0.0;
  if (!has_gradient) return;
  const uint at = matrix * p.cols + column;
  const float c = running_mean(col_squares[at], sum, p.rows);
  col_squares[at] = c;
  columns[first] = 1.0 / sqrt(c);
}

void main() {
  p = recorded;
  if (kAtStep == 1u) p = at_step(recorded, now);
  const uint matrix = folded_group();
  if (matrix >= p.n_matrices) return;
  const uint first = matrix * p.rows;
  const uint last = first + p.rows;
  float total = 0.0;
  for (uint row = first + gl_LocalInvocationIndex; row < last; row += kWorkgroup) total += rows[row];
  const bool has_gradient = workgroup_sum(total) > 0.0;
  float sum = 0.0;
  for (uint row = first + gl_LocalInvocationIndex; has_gradient && row < last; row += kWorkgroup) {
    row_squares[row] = running_mean(row_squares[row], rows[row], p.cols);
    sum += row_squares[row];
  }
  const float mean = workgroup_sum(sum) / float(p.rows);
  for (uint row = first + gl_LocalInvocationIndex; row < last; row += kWorkgroup)
    rows[row] = has_gradient ? p.gradient_scale / sqrt(p.correction2 * part_of(row_squares[row], mean)) : 0.0;
  const uint chunks = (p.rows + p.chunk_rows - 1u) / p.chunk_rows;
  for (uint column = gl_LocalInvocationIndex; column < p.cols; column += kWorkgroup)
    update_column(matrix, column, chunks, has_gradient);
}
