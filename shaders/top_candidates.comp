// The k largest values of each row and their columns, the largest first, the lowest column first among equals; where a
// value is not finite all columns are -1.
//   logits: f32 [n_rows, cols]; candidates: i32 [n_rows, 2, k], columns and the bits of their values; parts: rank and
//   column of the k best of each part of a row [n_rows, n_parts, k, 2], rank 0 where there are fewer
// A workgroup finds those of a part of a row; another one the best of its parts (kMerge). It counts ranks by 8 of their
// bits at a time, from the highest: four looks at its values say how large the k-th largest is. Each look is 4 bytes
// a value, out of a cache but for the first.
#version 450

#include "lib/float_rank.glsl"
#include "lib/grid.glsl"
#include "params/top_candidates.h"

layout(constant_id = 0) const uint kMerge = 0u;
layout(push_constant) uniform Push { TopCandidatesParams p; };
layout(set = 0, binding = 0) readonly buffer Logits { uint logits[]; };
layout(set = 0, binding = 1) buffer Candidates { int candidates[]; };
layout(set = 0, binding = 2) buffer Parts { uvec2 parts[]; };

const uint kMost = 64u;    // k
const uint kDigits = 256u;

shared uint counts[kDigits];
shared uint chosen_digit, wanted, n_taken;
shared uint taken_rank[kMost];
shared uint taken_entry[kMost];  // entries ascend with their columns where ranks are equal

uint row, first_column, n_entries;

uint rank_of_entry(uint entry) {
  if (kMerge == 1u) return parts[row * n_entries + entry].x;
  return rank_of(logits[row * p.cols + first_column + entry]);
}

uint column_of_entry(uint entry) {
  return kMerge == 1u ? parts[row * n_entries + entry].y : first_column + entry;
}

// Of the entries whose key agrees with `prefix` above `shift + 8` bits: the digit in which the one that is the
// `wanted`-th from the top (or from the bottom) lies; `wanted` becomes its place among those of that digit.
void choose_digit(bool from_top) {
  if (gl_LocalInvocationIndex == 0u) {
    uint left = wanted;
    for (uint i = 0u; i < kDigits; ++i) {
      const uint digit = from_top ? kDigits - 1u - i : i;
      chosen_digit = digit;
      if (counts[digit] >= left) break;
      left -= counts[digit];
    }
    wanted = left;
  }
  barrier();
}

void clear_counts() {
  barrier();  // the last ones have been read
  for (uint i = gl_LocalInvocationIndex; i < kDigits; i += kWorkgroup) counts[i] = 0u;
  barrier();
}

// The rank of the k-th largest; `wanted`: how many of those with that rank are among the k largest.
uint smallest_rank_taken(uint k) {
  if (gl_LocalInvocationIndex == 0u) wanted = k;
  uint prefix = 0u;
  for (int shift = 24; shift >= 0; shift -= 8) {
    clear_counts();
    for (uint e = gl_LocalInvocationIndex; e < n_entries; e += kWorkgroup) {
      const uint rank = rank_of_entry(e);
      if (shift == 24 || rank >> uint(shift + 8) == prefix) atomicAdd(counts[rank >> uint(shift) & 255u], 1u);
    }
    barrier();
    choose_digit(true);
    prefix = prefix << 8u | chosen_digit;
  }
  return prefix;
}

// The last entry of that rank that is taken, where there may be more of them than are wanted.
uint last_entry_taken(uint rank) {
  uint prefix = 0u;
  for (int shift = 16; shift >= 0; shift -= 8) {
    clear_counts();
    for (uint e = gl_LocalInvocationIndex; e < n_entries; e += kWorkgroup)
      if (rank_of_entry(e) == rank && (shift == 16 || e >> uint(shift + 8) == prefix))
        atomicAdd(counts[e >> uint(shift) & 255u], 1u);
    barrier();
    choose_digit(false);
    prefix = prefix << 8u | chosen_digit;
  }
  return prefix;
}

void take(uint k) {
  const uint least = smallest_rank_taken(k);
  const bool all_equals = counts[chosen_digit] == wanted;
  barrier();  // the count has been read
  const uint last = all_equals ? n_entries : last_entry_taken(least);
  if (gl_LocalInvocationIndex == 0u) n_taken = 0u;
  barrier();
  for (uint e = gl_LocalInvocationIndex; e < n_entries; e += kWorkgroup) {
    const uint rank = rank_of_entry(e);
    if (rank < least || (rank == least && e > last)) continue;
    const uint slot = atomicAdd(n_taken, 1u);
    taken_rank[slot] = rank;
    taken_entry[slot] = e;
  }
  barrier();
}

// How many of the taken ones come before that one.
uint place_of(uint slot, uint k) {
  uint place = 0u;
  for (uint i = 0u; i < k; ++i)
    if (taken_rank[i] > taken_rank[slot] || (taken_rank[i] == taken_rank[slot] && taken_entry[i] < taken_entry[slot]))
      ++place;
  return place;
}

void write_part(uint group, uint k) {
  const uint slot = gl_LocalInvocationIndex;
  if (slot >= p.k) return;
  if (slot < k)
    parts[group * p.k + place_of(slot, k)] = uvec2(taken_rank[slot], column_of_entry(taken_entry[slot]));
  else
    parts[group * p.k + slot] = uvec2(0u);
}

void write_row(uint k) {
  const uint slot = gl_LocalInvocationIndex;
  if (slot >= k) return;
  bool finite = true;
  for (uint i = 0u; i < k; ++i) finite = finite && taken_rank[i] != kNotFinite;
  const uint at = 2u * row * p.k + place_of(slot, k);
  const uint column = column_of_entry(taken_entry[slot]);
  candidates[at] = finite ? int(column) : -1;
  candidates[at + p.k] = finite ? int(logits[row * p.cols + column]) : 0;
}

void main() {
  const uint group = folded_group();
  row = kMerge == 1u ? group : group / p.n_parts;
  if (row >= p.n_rows) return;
  if (kMerge == 1u) {
    n_entries = p.n_parts * p.k;
    take(p.k);
    write_row(p.k);
    return;
  }
  const uint length = (p.cols + p.n_parts - 1u) / p.n_parts;
  first_column = min((group % p.n_parts) * length, p.cols);
  n_entries = min(length, p.cols - first_column);
  const uint k = min(p.k, n_entries);
  if (k > 0u) take(k);
  write_part(group, k);
}
