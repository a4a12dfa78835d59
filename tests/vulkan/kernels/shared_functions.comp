// Every scalar function of shaders/lib on each input, for comparison with the same functions compiled as C++.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lib/activation.h"
#include "lib/integers.h"
#include "lib/rounding.h"
#include "lib/softmax.h"
#include "lib/ternary.h"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint n_values; } push;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Words { uint words[]; };
layout(set = 0, binding = 2) writeonly buffer Exact { uint exact[]; };      // kExactResults for each input
layout(set = 0, binding = 3) writeonly buffer Rounded { float rounded[]; };  // kRoundedResults for each input

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i >= push.n_values) return;
  const float value = x[i];
  const uint word = words[i];
  const float magnitude = abs(value);
  const bool in_range = magnitude >= TRITIUM_SMALLEST_MAX;
  exact[10u * i] = uint(unpack_trit(word, i % 16u));
  exact[10u * i + 1u] = uint(unpack_i8(word, i % 4u));
  exact[10u * i + 2u] = in_range ? floatBitsToUint(exact_quotient(127u, magnitude)) : 0u;
  exact[10u * i + 3u] = uint(quantize_to_int8(value, 0.37));
  exact[10u * i + 4u] = floatBitsToUint(activation_scale(magnitude));
  exact[10u * i + 5u] = floatBitsToUint(accumulate_segment(value, int(word) >> 8, 0.3, 0.7));
  exact[10u * i + 6u] = uint(unpack_code(word, i % 16u));
  exact[10u * i + 7u] = floatBitsToUint(bounded_score(value));
  exact[10u * i + 8u] = uint(quantize_to_integer(value, 0.37, 31));
  exact[10u * i + 9u] = floatBitsToUint(integer_scale(magnitude, 15));
  rounded[5u * i] = silu(value);
  rounded[5u * i + 1u] = gelu_tanh(value);
  rounded[5u * i + 2u] = relu2(value);
  rounded[5u * i + 3u] = gate_value(value, 3.0, i % 3u, 7.0);
  rounded[5u * i + 4u] = softmax_term(-magnitude, 0.0);
}
