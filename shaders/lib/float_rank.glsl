// Floats as integers that are ordered as they are: a device may treat denormal numbers as 0 and need not know NaN.
// GLSL only.
#ifndef TRITIUM_LIB_FLOAT_RANK_GLSL
#define TRITIUM_LIB_FLOAT_RANK_GLSL

const uint kNotFinite = 0xFFFFFFFFu;  // the rank of what is not: above all others

// Above 0, equal for +0 and -0.
uint rank_of(uint bits) {
  const uint magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >= 0x7F800000u) return kNotFinite;
  return bits == magnitude ? 0x80000000u + magnitude : 0x80000000u - magnitude;
}

#endif
