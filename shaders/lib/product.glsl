// What the products have in common: which rows a workgroup works on. Included after the parameters `p`, `expert_ids`
// and `y` are declared; the shader defines compute(). GLSL only.
#ifndef TRITIUM_LIB_PRODUCT_GLSL
#define TRITIUM_LIB_PRODUCT_GLSL

#include "lib/team.glsl"

uint weight_row[kFeatures];  // rows of the bound window that this team reads
uint row_of_x[kTile];        // rows of x that go with the workgroup's rows of y

// Computes kBlock features from first_feature on for kTile rows from first_row on. Every invocation calls it.
// `matrix_exists` is false when the rows' expert id is out of range: then they are zeros. `first_window_row` is the row
// of the window that holds first_feature.
void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row);

// The row of the window that output o of this team has. Where there is none any will do: the output is not written.
uint window_row(uint o, uint first_window_row) {
  const uint row = first_window_row + team_feature() + o / kTile;
  return row < p.n_weight_rows ? row : 0u;
}

// The row of x that goes with a row of y.
uint x_row(uint row) { return min(row, p.n_rows - 1u) / p.rows_per_x; }

// Whether output o of this team exists and lies in the window.
bool is_output(uint o, uint first_feature, uint first_row, uint first_window_row) {
  const uint in_block = team_feature() + o / kTile;
  return o < kOutputs && first_row + o % kTile < p.n_rows && first_feature + in_block < p.out_features &&
         first_window_row + in_block < p.n_weight_rows;
}

void write_output(uint o, uint first_feature, uint first_row, float value) {
  y[(first_row + o % kTile) * p.out_features + first_feature + team_feature() + o / kTile] = value;
}

void compute_block(uint first_feature, uint first_row) {
  const uint matrix = p.routed == 1u ? uint(expert_ids[first_row]) : 0u;
  const bool exists = matrix < p.n_matrices;
  // Zeros are written by the dispatches that have matrix 0's rows, so by one each. Below the window this wraps around
  // to a large number, and adding a feature may wrap it back.
  const uint first_window_row = (exists ? matrix : 0u) * p.out_features + first_feature - p.first_weight_row;
  if (first_window_row >= p.n_weight_rows && 0u - first_window_row >= kBlock) return;  // none of the block is in it
  for (uint f = 0u; f < kFeatures; ++f) weight_row[f] = window_row(f * kTile, first_window_row);
  for (uint t = 0u; t < kTile; ++t) row_of_x[t] = x_row(first_row + t);
  compute(first_feature, first_row, exists, first_window_row);
}

void main() {
  for (uint row = gl_WorkGroupID.y * kTile; row < p.n_rows; row += gl_NumWorkGroups.y * kTile)
    for (uint feature = gl_WorkGroupID.x * kBlock; feature < p.out_features; feature += gl_NumWorkGroups.x * kBlock)
      compute_block(feature, row);
}

#endif
