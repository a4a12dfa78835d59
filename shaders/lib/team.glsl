// How the products share out their outputs. The invocations of a workgroup form teams of kTeam neighbours. A team
// computes kFeatures rows of the weight for kTile rows of y: a weight is read once for kTile outputs, an activation
// once for kFeatures. Each invocation adds up some of the columns; then the outputs are dealt out to the team, and one
// invocation finishes each, in a fixed order. GLSL only.
#ifndef TRITIUM_LIB_TEAM_GLSL
#define TRITIUM_LIB_TEAM_GLSL

#include "lib/grid.glsl"

layout(constant_id = 0) const uint kTeam = 32u;  // a power of two
layout(constant_id = 1) const uint kTile = 1u;   // 1 when routed: the rows may want different matrices
layout(constant_id = 2) const uint kFeatures = 1u;
const uint kOutputs = kTile * kFeatures;                 // output o of a team: feature o / kTile, row o % kTile
const uint kFinished = (kOutputs + kTeam - 1u) / kTeam;  // outputs an invocation finishes: lane, lane + kTeam, …
const uint kBlock = kWorkgroup / kTeam * kFeatures;      // features a workgroup computes at a time
const uint kScratchStride = kOutputs + 1u;               // odd: neighbours lie in different banks

shared int team_scratch[kWorkgroup * kScratchStride];  // partial sums; floats as their bits

uint team_lane() { return gl_LocalInvocationIndex % kTeam; }

// First feature of this team within the workgroup's block.
uint team_feature() { return gl_LocalInvocationIndex / kTeam * kFeatures; }

// What invocation `lane` of this team has found for output o.
int published(uint lane, uint o) {
  return team_scratch[(gl_LocalInvocationIndex - team_lane() + lane) * kScratchStride + o];
}
void publish_for(uint lane, uint o, int value) {
  team_scratch[(gl_LocalInvocationIndex - team_lane() + lane) * kScratchStride + o] = value;
}

#endif
