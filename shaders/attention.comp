// y = softmax(scale * q k^T) v for one query and one head, over keys max(0, position + 1 - window) … position of its
// sequence.
//   q: f32 [n_tokens, n_heads, key_dim]; rows: position, first cache row [n_tokens]; k_cache: [capacity, n_kv_heads,
//   key_dim]; v_cache: [capacity, n_kv_heads, value_dim], words of f32, f16 or i8 (ops/kv_cache.h); scales of i8: f32
//   [capacity, n_kv_heads]; y: f32 [n_tokens, n_heads, value_dim]
// A workgroup computes one (token, head). Keys are taken 128 at a time, one score an invocation, with a running maximum
// and sum (online softmax, Milakov & Gimelshein 2018); then each invocation adds to its value columns. They are dealt out
// to splits, merged in order, as where other workgroups compute them (lib/splits.h, attention_step.comp).
// (key_dim + value_dim) * 1 to 4 bytes and 2 * (key_dim + value_dim) operations a key.
#version 450

#include "lib/grid.glsl"
#include "lib/kv_cache.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"
#include "params/attention.h"

layout(push_constant) uniform Push { AttentionParams p; };
layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 2) readonly buffer KCache { uint k_cache[]; };
layout(set = 0, binding = 3) readonly buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 4) readonly buffer KScales { float k_scales[]; };
layout(set = 0, binding = 5) readonly buffer VScales { float v_scales[]; };
layout(set = 0, binding = 6) writeonly buffer Y { float y[]; };

const uint kMaxKeyDim = 1024u;
const uint kColumns = 8u;  // value columns an invocation holds: value_dim <= 1024
const float kBelowScores = -1.6e38;

shared float query[kMaxKeyDim];
shared float weight_of_key[kWorkgroup];

float score_of(uint key, uint kv_head) {
  const uint n = values_of_word(p.cache_dtype);
  const uint row = key * p.n_kv_heads + kv_head;
  const uint words = p.key_dim / n;
  float dot_product = 0.0;
  for (uint w = 0u; w < words; ++w) {
    const vec4 values = cached_values(p.cache_dtype, k_cache[row * words + w]);
    for (uint i = 0u; i < n; ++i) dot_product += query[w * n + i] * values[i];
  }
  const float scale = p.cache_dtype == TRITIUM_DTYPE_I8 ? p.scale * k_scales[row] : p.scale;
  return bounded_score(scale * dot_product);
}

// Of a value row, codes without their scale.
float value_of(uint key, uint kv_head, uint column) {
  const uint at = (key * p.n_kv_heads + kv_head) * p.value_dim + column;
  const uint n = values_of_word(p.cache_dtype);
  return cached_values(p.cache_dtype, v_cache[at / n])[at % n];
}

// The softmax of the keys begin … end - 1 and what it makes of this invocation's value columns, not divided by its sum.
// Every invocation calls it.
void attend(uint begin, uint end, uint kv_head, out float mix[kColumns], out float largest, out float sum) {
  const uint lane = gl_LocalInvocationIndex;
  for (uint i = 0u; i < kColumns; ++i) mix[i] = 0.0;
  largest = kBelowScores;
  sum = 0.0;
  for (uint chunk = begin; chunk < end; chunk += kWorkgroup) {
    const uint key = chunk + lane;
    const bool visible = key < end;
    const float score = visible ? score_of(key, kv_head) : kBelowScores;
    const float new_largest = max(largest, workgroup_max(score));
    const float correction = softmax_term(largest, new_largest);
    const float weight = visible ? softmax_term(score, new_largest) : 0.0;
    const bool scaled = visible && p.cache_dtype == TRITIUM_DTYPE_I8;
    weight_of_key[lane] = scaled ? weight * v_scales[key * p.n_kv_heads + kv_head] : weight;
    sum = sum * correction + workgroup_sum(weight);  // its barriers publish weight_of_key too
    largest = new_largest;

    const uint keys = min(kWorkgroup, end - chunk);
    for (uint i = 0u; i < kColumns; ++i) {
      const uint column = lane + i * kWorkgroup;
      if (column >= p.value_dim) continue;
      float added = 0.0;
      for (uint j = 0u; j < keys; ++j) added += weight_of_key[j] * value_of(chunk + j, kv_head, column);
      mix[i] = mix[i] * correction + added;
    }
    barrier();  // weight_of_key is rewritten by the next chunk
  }
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  const uint head = folded_group() % p.n_heads;
  const uint token = folded_group() / p.n_heads;
  if (token >= p.n_tokens) return;
  const uint kv_head = head / (p.n_heads / p.n_kv_heads);
  // The first row of the caches that belongs to the token's sequence; of those that do, the keys it sees.
  const uint position = rows[token].x;
  const uint start = rows[token].y;
  const uint last = start + position;
  const uint first = p.window == 0u || position + 1u < p.window ? start : last + 1u - p.window;

  for (uint d = lane; d < p.key_dim; d += kWorkgroup) query[d] = q[(token * p.n_heads + head) * p.key_dim + d];
  barrier();

  float mix[kColumns];
  for (uint i = 0u; i < kColumns; ++i) mix[i] = 0.0;
  float largest = kBelowScores;
  float sum = 0.0;
  for (uint begin = first; begin <= last; begin += p.split_keys) {
    float of_split[kColumns];
    float split_largest;
    float split_sum;
    attend(begin, min(begin + p.split_keys, last + 1u), kv_head, of_split, split_largest, split_sum);
    const float new_largest = with_split(largest, split_largest, split_sum);
    const float correction = softmax_term(largest, new_largest);
    const float weight = weight_of_split(split_largest, split_sum, new_largest);
    sum = merged_sum(sum, correction, split_sum, weight);
    for (uint i = 0u; i < kColumns; ++i) mix[i] = merged_sum(mix[i], correction, of_split[i], weight);
    largest = new_largest;
  }
  for (uint i = 0u; i < kColumns; ++i) {
    const uint column = lane + i * kWorkgroup;
    if (column >= p.value_dim) continue;
    y[(token * p.n_heads + head) * p.value_dim + column] = mix[i] / sum;
  }
}
