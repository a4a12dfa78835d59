// A product whose sums are floats. As lib/product.glsl; the shader defines add_products() instead of compute(), and
// kStep. GLSL only.
#ifndef TRITIUM_LIB_FLOAT_PRODUCT_GLSL
#define TRITIUM_LIB_FLOAT_PRODUCT_GLSL

#include "lib/product.glsl"

layout(constant_id = 3) const uint kWholeSteps = 0u;  // 1: cols is a multiple of kStep

float partial[kOutputs];  // over this invocation's columns

// partial += the products of columns c … c + kStep - 1.
void add_products(uint c);

// Columns c … c + kStep - 1 of the row of x that goes with row t; zeros beyond its end.
void load_x(uint t, uint c, out float values[kStep]) {
  const uint at = row_of_x[t] * p.cols + c;
  for (uint i = 0u; i < kStep; ++i) values[i] = kWholeSteps == 1u || c + i < p.cols ? x[at + i] : 0.0;
}

void compute(uint first_feature, uint first_row, bool matrix_exists, uint first_window_row) {
  for (uint o = 0u; o < kOutputs; ++o) partial[o] = 0.0;
  for (uint c = kStep * team_lane(); matrix_exists && c < p.cols; c += kStep * kTeam) add_products(c);
  barrier();  // the last block's sums have been read
  for (uint o = 0u; o < kOutputs; ++o)
    team_scratch[gl_LocalInvocationIndex * kScratchStride + o] = floatBitsToInt(partial[o]);
  barrier();
  for (uint i = 0u; i < kFinished; ++i) {
    const uint o = team_lane() + i * kTeam;
    if (!is_output(o, first_feature, first_row, first_window_row)) continue;
    float sum = 0.0;
    for (uint lane = 0u; lane < kTeam; ++lane) sum += intBitsToFloat(published(lane, o));
    write_output(o, first_feature, first_row, sum);
  }
}

#endif
