// How a team adds up what its invocations have found of a phase of columns. Integer sums of segments become terms of
// their outputs, which all invocations compute; those are added up in order, which one must do. The shader defines
// weight_scale_of() and x_scale_of(), and sets sums to 0. GLSL only.
#ifndef TRITIUM_LIB_SEGMENTS_GLSL
#define TRITIUM_LIB_SEGMENTS_GLSL

#include "lib/team.glsl"
#include "lib/ternary.h"

int partial[kOutputs];  // over this invocation's columns of a phase
float sums[kFinished];  // of the outputs that this invocation finishes

// The outputs that an invocation has to do with are kFinished slots; there are more where a team is small.
uint output_of(uint slot) { return (team_lane() + slot * kTeam) % kOutputs; }
// Their scales, of the segment that begins with column c.
float weight_scale_of(uint slot, uint c);
float x_scale_of(uint slot, uint c);

// What invocations first … first + lanes - 1 of this team have found for output o.
int sum_of_lanes(uint first, uint lanes, uint o) {
  int sum = 0;
  for (uint l = 0u; l < lanes; ++l) sum += published(first + l, o);
  return sum;
}

// This invocation's share of the terms of n segments, in the place where their sums began.
void compute_terms(uint first, uint segment, uint n, uint lanes) {
  float terms[kOutputs];
  const uint n_terms = (kOutputs + lanes - 1u) / lanes;
  for (uint i = 0u; i < n_terms; ++i) {
    const uint s = min((team_lane() + i * kTeam) / kOutputs, n - 1u);  // a term too many does no harm
    const uint c = first + s * segment;
    terms[i] = segment_term(sum_of_lanes(s * lanes, lanes, output_of(i)), weight_scale_of(i % kFinished, c),
                            x_scale_of(i % kFinished, c));
  }
  for (uint i = 0u; i < n_terms; ++i) {
    const uint s = (team_lane() + i * kTeam) / kOutputs;
    if (s < n) publish_for(s * lanes, output_of(i), floatBitsToInt(terms[i]));
  }
}

// sums += the segments of columns first … end - 1, of each of which `lanes` invocations have a part: what `found` says,
// partial or another. Every invocation calls it.
void add_segments(uint first, uint end, uint segment, uint lanes, int found[kOutputs]) {
  barrier();  // what the phase before left has been read
  for (uint o = 0u; o < kOutputs; ++o) publish_for(team_lane(), o, found[o]);
  barrier();
  const uint n = (end - first) / segment;
  if (lanes < kTeam) {
    compute_terms(first, segment, n, lanes);
    barrier();
  }
  for (uint i = 0u; i < kFinished; ++i) {
    if (lanes == kTeam) {
      const int sum = sum_of_lanes(0u, kTeam, output_of(i));
      precise const float more = sums[i] + segment_term(sum, weight_scale_of(i, first), x_scale_of(i, first));
      sums[i] = more;
      continue;
    }
    for (uint lane = 0u; lane < kTeam; lane += lanes) {
      precise const float more = sums[i] + intBitsToFloat(published(lane, output_of(i)));
      if (lane < n * lanes) sums[i] = more;
    }
  }
}

#endif
