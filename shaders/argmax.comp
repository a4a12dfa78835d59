// ids[row] = index of the row's largest value, the lowest among equals; -1 where a value is not finite.
//   logits: f32 [n_rows, cols]; ids: i32 [n_rows]
// A workgroup searches a row: 4 bytes and about 6 integer operations a value. It compares the bits, as integers: a
// device may treat denormal numbers as 0 and need not know NaN. What is not finite wins, with the index -1.
#version 450

#include "lib/grid.glsl"
#include "lib/reduce.glsl"
#include "params/argmax.h"

layout(push_constant) uniform Push { ArgmaxParams p; };
layout(set = 0, binding = 0) readonly buffer Logits { uint logits[]; };
layout(set = 0, binding = 1) writeonly buffer Ids { int ids[]; };

const uint kLoads = 8u;  // under way at once: a row is searched by one workgroup, which would wait for each

const uint kNotFinite = 0xFFFFFFFFu;  // its rank, and its column

shared uint best_rank[kWorkgroup];
shared uint best_column[kWorkgroup];

// Ordered as the floats are, above 0, equal for +0 and -0.
uint rank_of(uint bits) {
  const uint magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x7F800000u) return kNotFinite;
  return bits == magnitude ? 0x80000000u + magnitude : 0x80000000u - magnitude;
}

bool comes_before(uint rank, uint column, uint other_rank, uint other_column) {
  return rank > other_rank || (rank == other_rank && column < other_column);
}

void main() {
  const uint row = folded_group();
  if (row >= p.n_rows) return;
  const uint lane = gl_LocalInvocationIndex;
  const uint first = row * p.cols;

  uint rank = 0u;
  uint column = lane;  // beyond the row only with rank 0, which lane 0 beats
  for (uint c = lane; c < p.cols; c += kLoads * kWorkgroup) {
    uint bits[kLoads];
    for (uint i = 0u; i < kLoads; ++i) bits[i] = logits[first + min(c + i * kWorkgroup, p.cols - 1u)];
    for (uint i = 0u; i < kLoads; ++i) {
      if (rank_of(bits[i]) <= rank) continue;  // columns ascend: the first of equals stays
      rank = rank_of(bits[i]);
      column = rank == kNotFinite ? kNotFinite : min(c + i * kWorkgroup, p.cols - 1u);
    }
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
  if (lane == 0u) ids[row] = int(best_column[0]);
}
