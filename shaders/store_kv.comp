// k_cache[r] = k[t], v_cache[r] = v[t] with r = start + position of token t, in the caches' type (ops/kv_cache.h)
//   k: f32 [n_tokens, n_kv_heads, key_dim]; v: the same with value_dim; rows: position, start [n_tokens];
//   caches: [capacity, n_kv_heads, key_dim or value_dim], words of f32, f16 or i8; scales of i8: f32 [capacity,
//   n_kv_heads]
// A workgroup stores the keys or the values of one head of a token: 5 to 8 bytes a value.
#version 450

#include "params/store_kv.h"

layout(push_constant) uniform Push { StoreKvParams p; };
layout(set = 0, binding = 0) readonly buffer K { float k[]; };
layout(set = 0, binding = 1) readonly buffer V { float v[]; };
layout(set = 0, binding = 2) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 3) writeonly buffer KCache { uint k_cache[]; };
layout(set = 0, binding = 4) writeonly buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 5) writeonly buffer KScales { float k_scales[]; };
layout(set = 0, binding = 6) writeonly buffer VScales { float v_scales[]; };

#include "lib/cached_row.glsl"

uint cache_row = 0u;

float new_value(bool keys, uint row, uint d) { return keys ? k[row * p.key_dim + d] : v[row * p.value_dim + d]; }

void write_word(bool keys, uint row, uint i, uint word) {
  const uint n = values_of_word(p.cache_dtype);
  if (keys)
    k_cache[cache_row * (p.key_dim / n) + i] = word;
  else
    v_cache[cache_row * (p.value_dim / n) + i] = word;
}

void main() {
  const bool keys = (folded_group() & 1u) == 0u;
  const uint head_row = folded_group() >> 1u;  // of k and v
  if (head_row >= p.n_tokens * p.n_kv_heads) return;
  const uint token = head_row / p.n_kv_heads;
  cache_row = (rows[token].x + rows[token].y) * p.n_kv_heads + head_row % p.n_kv_heads;
  const float scale = write_row(p.cache_dtype, keys, head_row, keys ? p.key_dim : p.value_dim);
  if (p.cache_dtype != TRITIUM_DTYPE_I8 || gl_LocalInvocationIndex != 0u) return;
  if (keys)
    k_scales[cache_row] = scale;
  else
    v_scales[cache_row] = scale;
}
