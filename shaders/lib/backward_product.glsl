// What the gradients of a product's input have in common:
//   dx[i] (+)= sum over features n of dy[r, n] W[m, n], r = i * rows_per_x + slot, m the matrix that row r uses
// A workgroup computes 64 columns for those rows of a stripe of x that use one matrix, 32 at a time, from 32 features
// at a time in shared memory, 4 by 4 outputs an invocation. A stripe has 32 rows a matrix, so about that many per
// workgroup; slots are dispatches of their own, so that no two workgroups add to one output. Included after the
// parameters `p`, `dy`, `expert_ids` and `dx` are declared; the shader defines sixteen_weights(). GLSL only.
#ifndef TRITIUM_LIB_BACKWARD_PRODUCT_GLSL
#define TRITIUM_LIB_BACKWARD_PRODUCT_GLSL

#include "lib/grid.glsl"

const uint kBatch = 32u;  // rows of dx
#include "lib/matching_rows.glsl"

const uint kColumns = 64u;
const uint kFeatures = 32u;  // in shared memory
const uint kSide = 4u;       // an invocation has kSide rows and kSide columns, 8 and 16 apart
const uint kRowStep = kBatch / kSide;
const uint kColumnStep = kColumns / kSide;
// Odd: neighbours lie in different banks.
const uint kDyStride = kFeatures + 1u;
const uint kWeightStride = kColumns + 1u;

shared float dy_tile[kBatch * kDyStride];
shared float weight_tile[kFeatures * kWeightStride];

uint matrix;
uint first_column;
uint first_feature;  // of the matrix's rows those that are bound
uint end_feature;
float sums[kSide * kSide];

// Columns c … c + 15 of a row of the bound window, c a multiple of 16; those beyond the weight's may be anything.
void sixteen_weights(uint window_row, uint c, out float values[16]);

uint matrix_of(uint x_row) { return p.routed == 1u ? uint(expert_ids[x_row * p.rows_per_x + p.slot]) : 0u; }

// Rows whose expert id is out of range get zeros, from the workgroups of matrix 0.
bool matches(uint x_row) {
  const uint used = matrix_of(x_row);
  return used == matrix || (matrix == 0u && used >= p.n_matrices && p.accumulate == 0u);
}

void load_tiles(uint at, uint count, uint feature) {
  for (uint i = gl_LocalInvocationIndex; i < kBatch * kFeatures; i += kWorkgroup) {
    const uint row = i / kFeatures;
    const uint n = feature + i % kFeatures;
    float value = 0.0;
    if (row < count && n < end_feature) {
      const uint x_row = matching_rows[at + row];
      if (matrix_of(x_row) == matrix) value = dy[(x_row * p.rows_per_x + p.slot) * p.out_features + n];
    }
    dy_tile[row * kDyStride + i % kFeatures] = value;
  }
  const uint n = feature + gl_LocalInvocationIndex / (kColumns / 16u);
  const uint in_tile = gl_LocalInvocationIndex % (kColumns / 16u) * 16u;
  float weights[16];
  for (uint i = 0u; i < 16u; ++i) weights[i] = 0.0;
  if (n < end_feature && first_column + in_tile < p.cols)
    sixteen_weights(matrix * p.out_features + n - p.first_weight_row, first_column + in_tile, weights);
  for (uint i = 0u; i < 16u; ++i) weight_tile[(n - feature) * kWeightStride + in_tile + i] = weights[i];
}

// sums += the tiles' products, summed by themselves: a long sum's error grows with the number of tiles.
void add_tiles() {
  const uint row = gl_LocalInvocationIndex / kColumnStep;
  const uint column = gl_LocalInvocationIndex % kColumnStep;
  float tile_sums[kSide * kSide];
  for (uint i = 0u; i < kSide * kSide; ++i) tile_sums[i] = 0.0;
  for (uint n = 0u; n < kFeatures; ++n) {
    float weights[kSide];
    for (uint j = 0u; j < kSide; ++j) weights[j] = weight_tile[n * kWeightStride + column + j * kColumnStep];
    for (uint i = 0u; i < kSide; ++i) {
      const float gradient = dy_tile[(row + i * kRowStep) * kDyStride + n];
      for (uint j = 0u; j < kSide; ++j) tile_sums[i * kSide + j] += gradient * weights[j];
    }
  }
  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] += tile_sums[i];
}

void add_batch(uint at, uint count) {
  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] = 0.0;
  for (uint feature = first_feature; feature < end_feature; feature += kFeatures) {
    barrier();  // the tiles before have been read
    load_tiles(at, count, feature);
    barrier();
    add_tiles();
  }
  const uint row = gl_LocalInvocationIndex / kColumnStep;
  const uint column = first_column + gl_LocalInvocationIndex % kColumnStep;
  for (uint i = 0u; i < kSide; ++i)
    for (uint j = 0u; j < kSide; ++j) {
      if (row + i * kRowStep >= count || column + j * kColumnStep >= p.cols) continue;
      const uint out_at = matching_rows[at + row + i * kRowStep] * p.cols + column + j * kColumnStep;
      dx[out_at] = p.accumulate == 1u ? dx[out_at] + sums[i * kSide + j] : sums[i * kSide + j];
    }
}

void main() {
  const uint matrices = p.routed == 1u ? p.n_matrices : 1u;
  const uint column_tiles = (p.cols + kColumns - 1u) / kColumns;
  const uint x_rows = p.n_rows / p.rows_per_x;
  first_column = folded_group() % column_tiles * kColumns;
  matrix = folded_group() / column_tiles % matrices;
  const uint first_row = folded_group() / (column_tiles * matrices) * (kBatch * matrices);
  if (first_row >= x_rows) return;

  const uint start = matrix * p.out_features;  // the matrix's first row
  const uint end = start + p.out_features;
  first_feature = clamp(p.first_weight_row, start, end) - start;
  end_feature = clamp(p.first_weight_row + p.n_weight_rows, start, end) - start;
  if (first_feature == end_feature && p.accumulate == 1u) return;
  for_matching_rows(first_row, min(first_row + kBatch * matrices, x_rows));
}

#endif
