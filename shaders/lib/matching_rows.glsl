// The rows that match (that use one matrix, that hold one token), found by a whole workgroup and handled kBatch at a
// time in ascending order. The shader defines kBatch (at most 128), matches() and add_batch(). GLSL only.
#ifndef TRITIUM_LIB_MATCHING_ROWS_GLSL
#define TRITIUM_LIB_MATCHING_ROWS_GLSL

#include "lib/grid.glsl"

const uint kScanned = 512u;  // rows looked at between two barriers

shared uint match_bits[kScanned / 32u];
shared uint matching_rows[kScanned + kBatch];

bool matches(uint row);

// Handles rows matching_rows[at] … matching_rows[at + count - 1]. Every invocation calls it.
void add_batch(uint at, uint count);

// Every invocation calls it, with the same rows begin … end - 1.
void for_matching_rows(uint begin, uint end) {
  const uint lane = gl_LocalInvocationIndex;
  uint waiting = 0u;  // entries of matching_rows
  for (uint first = begin; first < end; first += kScanned) {
    if (lane < kScanned / 32u) match_bits[lane] = 0u;
    barrier();
    for (uint i = lane; i < kScanned; i += kWorkgroup)
      if (first + i < end && matches(first + i)) atomicOr(match_bits[i / 32u], 1u << (i % 32u));
    barrier();
    // This invocation's rows go behind those of all earlier bits, so the order does not depend on who is first.
    for (uint word = 0u; word < kScanned / 32u; ++word) {
      const uint bits = match_bits[word];
      const uint own = 1u << (lane % 32u);
      if (word % (kWorkgroup / 32u) == lane / 32u && (bits & own) != 0u)
        matching_rows[waiting + bitCount(bits & (own - 1u))] = first + word * 32u + lane % 32u;
      waiting += bitCount(bits);
    }
    barrier();
    const bool last = end - first <= kScanned;
    uint done = 0u;
    for (; done + kBatch <= waiting || (last && done < waiting); done += kBatch)
      add_batch(done, min(kBatch, waiting - done));
    if (last) return;
    // Fewer than kBatch are left: they wait for the next rows.
    waiting -= done;
    const uint kept = lane < waiting ? matching_rows[done + lane] : 0u;
    barrier();
    if (lane < waiting) matching_rows[lane] = kept;
  }
}

#endif
