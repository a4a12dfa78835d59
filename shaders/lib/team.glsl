// Teams: a workgroup split into groups of kTeam neighbouring invocations, each team working on one output. kTeam is a
// power of two, specialisation constant 0: as many invocations as a row of the weight keeps busy. GLSL only.
#ifndef TRITIUM_LIB_TEAM_GLSL
#define TRITIUM_LIB_TEAM_GLSL

const uint kWorkgroup = 128u;
layout(constant_id = 0) const uint kTeam = 32u;

shared int team_int_scratch[kWorkgroup];
shared float team_float_scratch[kWorkgroup];

// The sum over the team, given to all its invocations. Every invocation of the workgroup must call it.
int team_sum(int value) {
  if (kTeam == 1u) return value;
  const uint lane = gl_LocalInvocationIndex;
  barrier();  // an earlier result may still be read
  team_int_scratch[lane] = value;
  for (uint half_width = kTeam / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    if (lane % kTeam < half_width) team_int_scratch[lane] += team_int_scratch[lane + half_width];
  }
  barrier();
  return team_int_scratch[lane - lane % kTeam];
}

float team_sum(float value) {
  if (kTeam == 1u) return value;
  const uint lane = gl_LocalInvocationIndex;
  barrier();
  team_float_scratch[lane] = value;
  for (uint half_width = kTeam / 2u; half_width > 0u; half_width /= 2u) {
    barrier();
    if (lane % kTeam < half_width) team_float_scratch[lane] += team_float_scratch[lane + half_width];
  }
  barrier();
  return team_float_scratch[lane - lane % kTeam];
}

#endif
