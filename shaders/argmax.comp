// ids[row] = index of the row's largest value, the lowest among equals; -1 where a value is not finite.
//   logits: f32 [n_rows, cols]; ids: i32 [n_rows]; parts: rank and column of the best of each part of a row
//   [n_rows, n_parts, 2]
// A workgroup searches a row, or one of the n_parts that a long one is cut into (kStage): 4 bytes and about 6 integer
// operations a value. What is not finite wins, with the index -1.
#version 450

#include "lib/float_rank.glsl"
#include "lib/grid.glsl"
#include "params/argmax.h"

const uint kWhole = 0u;  // a row at once
const uint kPart = 1u;   // a part of one: its best into `parts`
const uint kMerge = 2u;  // the best of the parts

layout(constant_id = 0) const uint kStage = 0u;
layout(push_constant) uniform Push { ArgmaxParams p; };
layout(set = 0, binding = 0) readonly buffer Logits { uint logits[]; };
layout(set = 0, binding = 1) buffer Ids { int ids[]; };
layout(set = 0, binding = 2) buffer Parts { uvec2 parts[]; };

const uint kLoads = 8u;  // under way at once, for the others would wait for each

shared uint best_rank[kWorkgroup];
shared uint best_column[kWorkgroup];

uint rank = 0u;
uint column = 0u;

bool comes_before(uint r, uint c, uint other_rank, uint other_column) {
  return r > other_rank || (r == other_rank && c < other_column);
}

// The best of columns first … end - 1 that this invocation looks at.
void search(uint row, uint first, uint end) {
  const uint lane = gl_LocalInvocationIndex;
  column = first + lane;  // beyond the part only with rank 0, which others beat
  for (uint c = first + lane; c < end; c += kLoads * kWorkgroup) {
    uint bits[kLoads];
    for (uint i = 0u; i < kLoads; ++i) bits[i] = logits[row * p.cols + min(c + i * kWorkgroup, end - 1u)];
    for (uint i = 0u; i < kLoads; ++i) {
      if (rank_of(bits[i]) <= rank) continue;  // columns ascend: the first of equals stays
      rank = rank_of(bits[i]);
      column = rank == kNotFinite ? kNotFinite : min(c + i * kWorkgroup, end - 1u);
    }
  }
}

void search_parts(uint row) {
  for (uint i = gl_LocalInvocationIndex; i < p.n_parts; i += kWorkgroup) {
    const uvec2 best = parts[row * p.n_parts + i];
    if (!comes_before(best.x, best.y, rank, column)) continue;
    rank = best.x;
    column = best.y;
  }
}

void main() {
  const uint group = folded_group();
  const uint row = kStage == kPart ? group / p.n_parts : group;
  if (row >= p.n_rows) return;
  const uint lane = gl_LocalInvocationIndex;
  if (kStage == kMerge) {
    search_parts(row);
  } else if (kStage == kPart) {
    const uint length = (p.cols + p.n_parts - 1u) / p.n_parts;
    const uint first = (group % p.n_parts) * length;
    search(row, first, min(first + length, p.cols));
  } else {
    search(row, 0u, p.cols);
  }
  best_rank[lane] = rank;
  best_column[lane] = column;
  for (uint half_width = kWorkgroup / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    const uint other = lane + half_width;
    if (lane < half_width && comes_before(best_rank[other], best_column[other], best_rank[lane], best_column[lane])) {
      best_rank[lane] = best_rank[other];
      best_column[lane] = best_column[other];
    }
  }
  if (lane > 0u) return;
  if (kStage == kPart)
    parts[group] = uvec2(best_rank[0], best_column[0]);
  else
    ids[row] = int(best_column[0]);
}
