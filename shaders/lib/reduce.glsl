// Reductions over a workgroup of kWorkgroup invocations, in a fixed order: the same bits every time. It is that of a
// tree of halves: value i and value i + 64, then i + 32, … i + 1. Sixteen invocations compute eight of its leaves each,
// then every one what is left: two barriers in place of nine, and no subgroups. Every invocation of the workgroup must
// call them. A shader that reduces several values together defines TRITIUM_REDUCED, their number. GLSL only.
#ifndef TRITIUM_LIB_REDUCE_GLSL
#define TRITIUM_LIB_REDUCE_GLSL

#include "grid.glsl"

#ifndef TRITIUM_REDUCED
#define TRITIUM_REDUCED 1u
#endif

const uint kReduceSum = 0u;        // of floats
const uint kReduceMax = 1u;        // of floats
const uint kReduceMaxOfBits = 2u;  // of unsigned integers

const uint kBranches = 16u;                   // of a tree, which the second stage brings together
const uint kLeaves = kWorkgroup / kBranches;  // that a branch has

shared uint reduce_scratch[TRITIUM_REDUCED * kWorkgroup];
shared uint reduce_branches[TRITIUM_REDUCED * kBranches];

uint combined(uint kind, uint a, uint b) {
  if (kind == kReduceMaxOfBits) return max(a, b);
  if (kind == kReduceMax) return floatBitsToUint(max(uintBitsToFloat(a), uintBitsToFloat(b)));
  precise const float sum = uintBitsToFloat(a) + uintBitsToFloat(b);
  return floatBitsToUint(sum);
}

// This invocation's value number i.
void publish(uint i, uint bits) { reduce_scratch[i * kWorkgroup + gl_LocalInvocationIndex] = bits; }

uint grown_branch(uint kind, uint branch) {
  const uint first = branch / kBranches * kWorkgroup + branch % kBranches;
  uint leaves[kLeaves];
  for (uint i = 0u; i < kLeaves; ++i) leaves[i] = reduce_scratch[first + kBranches * i];
  for (uint i = 0u; i < 4u; ++i) leaves[i] = combined(kind, leaves[i], leaves[i + 4u]);
  for (uint i = 0u; i < 2u; ++i) leaves[i] = combined(kind, leaves[i], leaves[i + 2u]);
  return combined(kind, leaves[0], leaves[1]);
}

// Between the publishing of values 0 … n - 1 and the asking for them.
void grow_branches(uint kind, uint n) {
  barrier();
  for (uint i = 0u; i < (kBranches * n + kWorkgroup - 1u) / kWorkgroup; ++i) {
    const uint branch = i * kWorkgroup + gl_LocalInvocationIndex;
    if (branch < kBranches * n) reduce_branches[branch] = grown_branch(kind, branch);
  }
  barrier();
}

// What the workgroup's values number i come to. Others may be published at once.
uint reduced(uint kind, uint i) {
  uint branches[kBranches];
  for (uint b = 0u; b < kBranches; ++b) branches[b] = reduce_branches[kBranches * i + b];
  for (uint b = 0u; b < 8u; ++b) branches[b] = combined(kind, branches[b], branches[b + 8u]);
  for (uint b = 0u; b < 4u; ++b) branches[b] = combined(kind, branches[b], branches[b + 4u]);
  for (uint b = 0u; b < 2u; ++b) branches[b] = combined(kind, branches[b], branches[b + 2u]);
  return combined(kind, branches[0], branches[1]);
}

float reduced_sum(uint i) { return uintBitsToFloat(reduced(kReduceSum, i)); }
float reduced_max(uint i) { return uintBitsToFloat(reduced(kReduceMax, i)); }

float workgroup_sum(float value) {
  publish(0u, floatBitsToUint(value));
  grow_branches(kReduceSum, 1u);
  return reduced_sum(0u);
}

float workgroup_max(float value) {
  publish(0u, floatBitsToUint(value));
  grow_branches(kReduceMax, 1u);
  return reduced_max(0u);
}

uint workgroup_max_of_bits(uint bits) {
  publish(0u, bits);
  grow_branches(kReduceMaxOfBits, 1u);
  return reduced(kReduceMaxOfBits, 0u);
}

#endif
