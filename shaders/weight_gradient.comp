// dw[m] += sum over rows r that use matrix m, ascending, of dy[r]^T x[r / rows_per_x]
//   x: f32 [X, cols], or q: i8 [X, padded_cols], four to a word, with scales: f32 [X, n_blocks];
//   X = n_rows / rows_per_x; dy: f32 [n_rows, out_features]; expert_ids: i32 [n_rows], when routed;
//   dw: f32 [n_matrices, out_features, cols]
// A workgroup computes 64 features by 32 columns of one matrix, 4 by 4 an invocation, from 16 rows at a time in shared
// memory: 2 operations a row and output, 12 bytes for every 64 of them; 4 bytes a row for finding the matrix's rows.
#version 450

#include "lib/grid.glsl"
#include "lib/ternary.h"
#include "params/weight_gradient.h"

layout(push_constant) uniform Push { WeightGradientParams p; };
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Q { uint q[]; };
layout(set = 0, binding = 2) readonly buffer Scales { float scales[]; };
layout(set = 0, binding = 3) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 4) readonly buffer ExpertIds { int expert_ids[]; };
layout(set = 0, binding = 5) buffer Dw { float dw[]; };

const uint kBatch = 16u;
#include "lib/matching_rows.glsl"

const uint kFeatures = 64u;  // of a workgroup
const uint kColumns = 32u;
const uint kSide = 4u;  // an invocation has kSide features and kSide columns, 16 and 8 apart
const uint kFeatureStep = kFeatures / kSide;
const uint kColumnStep = kColumns / kSide;

shared float dy_tile[kBatch * kFeatures];
shared float x_tile[kBatch * kColumns];

uint matrix;
uint first_feature;
uint first_column;
bool any_rows = false;
float sums[kSide * kSide];

bool matches(uint row) { return p.routed == 0u || uint(expert_ids[row]) == matrix; }

float input_value(uint row, uint column) {
  if (p.quantized == 0u) return x[row * p.cols + column];
  const int code = unpack_i8(q[(row * p.padded_cols + column) / 4u], column % 4u);
  return scales[row * p.n_blocks + column / p.block] * float(code);
}

void load_batch(uint at, uint count) {
  for (uint i = gl_LocalInvocationIndex; i < kBatch * kFeatures; i += kWorkgroup) {
    const uint row = i / kFeatures;
    const uint feature = first_feature + i % kFeatures;
    const bool exists = row < count && feature < p.out_features;
    dy_tile[i] = exists ? dy[matching_rows[at + row] * p.out_features + feature] : 0.0;
  }
  for (uint i = gl_LocalInvocationIndex; i < kBatch * kColumns; i += kWorkgroup) {
    const uint row = i / kColumns;
    const uint column = first_column + i % kColumns;
    const bool exists = row < count && column < p.cols;
    x_tile[i] = exists ? input_value(matching_rows[at + row] / p.rows_per_x, column) : 0.0;
  }
}

void add_batch(uint at, uint count) {
  const uint feature = gl_LocalInvocationIndex / kColumnStep;
  const uint column = gl_LocalInvocationIndex % kColumnStep;
  barrier();  // the tiles of the batch before have been read
  load_batch(at, count);
  barrier();
  // A batch is summed by itself: so a long sum's error grows with the number of batches, not of rows.
  float batch_sums[kSide * kSide];
  for (uint i = 0u; i < kSide * kSide; ++i) batch_sums[i] = 0.0;
  for (uint row = 0u; row < kBatch; ++row) {
    float values[kSide];
    for (uint j = 0u; j < kSide; ++j) values[j] = x_tile[row * kColumns + column + j * kColumnStep];
    for (uint i = 0u; i < kSide; ++i) {
      const float gradient = dy_tile[row * kFeatures + feature + i * kFeatureStep];
      for (uint j = 0u; j < kSide; ++j) batch_sums[i * kSide + j] += gradient * values[j];
    }
  }
  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] += batch_sums[i];
  any_rows = true;
}

void main() {
  const uint column_tiles = (p.cols + kColumns - 1u) / kColumns;
  const uint feature_tiles = (p.out_features + kFeatures - 1u) / kFeatures;
  first_column = folded_group() % column_tiles * kColumns;
  first_feature = folded_group() / column_tiles % feature_tiles * kFeatures;
  matrix = folded_group() / (column_tiles * feature_tiles);
  if (matrix >= (p.routed == 1u ? p.n_matrices : 1u)) return;

  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] = 0.0;
  for_matching_rows(0u, p.n_rows);
  if (!any_rows) return;

  const uint feature = first_feature + gl_LocalInvocationIndex / kColumnStep;
  const uint column = first_column + gl_LocalInvocationIndex % kColumnStep;
  for (uint i = 0u; i < kSide; ++i)
    for (uint j = 0u; j < kSide; ++j) {
      const uint f = feature + i * kFeatureStep;
      const uint c = column + j * kColumnStep;
      if (f < p.out_features && c < p.cols) dw[(matrix * p.out_features + f) * p.cols + c] += sums[i * kSide + j];
    }
}
