// sums = sum of g^2 over each column of each chunk of rows.
//   gradient: f32 [n_matrices, rows, cols]; sums: f32 [n_matrices, chunks, cols]
// A workgroup computes 128 columns of a chunk, an invocation one of them: 4 bytes and 2 operations a value.
#version 450

#include "lib/grid.glsl"
#include "params/factored_direction.h"

layout(push_constant) uniform Push { FactoredDirectionParams p; };
layout(set = 0, binding = 0) readonly buffer Gradient { float gradient[]; };
layout(set = 0, binding = 1) writeonly buffer Sums { float sums[]; };

void main() {
  const uint strips = (p.cols + kWorkgroup - 1u) / kWorkgroup;
  const uint chunks = (p.rows + p.chunk_rows - 1u) / p.chunk_rows;
  const uint chunk = folded_group() / strips;  // of all matrices
  const uint column = folded_group() % strips * kWorkgroup + gl_LocalInvocationIndex;
  if (chunk >= p.n_matrices * chunks || column >= p.cols) return;
  const uint matrix = chunk / chunks;
  const uint first = chunk % chunks * p.chunk_rows;
  const uint last = min(first + p.chunk_rows, p.rows);
  float sum = 0.0;
  for (uint row = matrix * p.rows + first; row < matrix * p.rows + last; ++row) {
    const float g = gradient[row * p.cols + column];
    sum += g * g;
  }
  sums[chunk * p.cols + column] = sum;
}
