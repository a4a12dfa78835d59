// k_cache[r] = k[t], v_cache[r] = v[t] with r = start + position of token t, in the caches' type (ops/kv_cache.h)
//   k: f32 [n_tokens, n_kv_heads, key_dim]; v: the same with value_dim; rows: position, start [n_tokens];
//   caches: [capacity, n_kv_heads, key_dim or value_dim], words of f32, f16 or i8; scales of i8: f32 [capacity,
//   n_kv_heads]
// A workgroup stores the keys or the values of one head of a token: 5 to 8 bytes a value.
#version 450

#include "lib/int8_block.glsl"
#include "lib/kv_cache.glsl"
#include "params/store_kv.h"

layout(push_constant) uniform Push { StoreKvParams p; };
layout(set = 0, binding = 0) readonly buffer K { float k[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 3) writeonly buffer KCache { uint k_cache[]; };
layout(set = 0, binding = 4) writeonly buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 5) writeonly buffer KScales { float k_scales[]; };
layout(set = 0, binding = 6) writeonly buffer VScales { float v_scales[]; };

float value_at(bool keys, uint at) { return keys ? k[at] : v[at]; }

void main() {
  const bool keys = (folded_group() & 1u) == 0u;
  const uint head_row = folded_group() >> 1u;  // of k and v
  if (head_row >= p.n_tokens * p.n_kv_heads) return;
  const uint token = head_row / p.n_kv_heads;
  const uint cache_row = (rows[token].x + rows[token].y) * p.n_kv_heads + head_row % p.n_kv_heads;
  const uint dim = keys ? p.key_dim : p.value_dim;
  const uint from = head_row * dim;

  Int8Block codes;
  if (p.cache_dtype == TRITIUM_DTYPE_I8) {
    uint bits = 0u;
    for (uint d = gl_LocalInvocationIndex; d < dim; d += kWorkgroup)
      bits = max(bits, magnitude_bits(value_at(keys, from + d)));
    codes = int8_block(largest_of_workgroup(bits));
    if (gl_LocalInvocationIndex == 0u) {
      if (keys)
        k_scales[cache_row] = codes.scale;
      else
        v_scales[cache_row] = codes.scale;
    }
  }
  const uint n = values_of_word(p.cache_dtype);
  for (uint i = gl_LocalInvocationIndex; i < dim / n; i += kWorkgroup) {
    uint word = 0u;
    for (uint b = 0u; b < n; ++b) {
      const float value = value_at(keys, from + n * i + b);
      if (p.cache_dtype == TRITIUM_DTYPE_F32)
        word = floatBitsToUint(value);
      else if (p.cache_dtype == TRITIUM_DTYPE_F16)
        word |= f16_bits(value) << (16u * b);
      else
        word |= (uint(int8_code(value, codes)) & 255u) << (8u * b);
    }
    const uint at = cache_row * (dim / n) + i;
    if (keys)
      k_cache[at] = word;
    else
      v_cache[at] = word;
  }
}
