// y = softmax(scale * q k^T) v for one query and some heads, over keys max(0, position + 1 - window) … position of its
// sequence.
//   q: f32 [n_tokens, n_heads, key_dim]; rows: position, first cache row [n_tokens]; k_cache: [capacity, n_kv_heads,
//   key_dim]; v_cache: [capacity, n_kv_heads, value_dim], words of f32, f16 or i8 (ops/kv_cache.h); scales of i8: f32
//   [capacity, n_kv_heads]; y: f32 [n_tokens, n_heads, value_dim]
// A workgroup computes kHeads heads of a token that read one kv head (lib/attend.glsl). Keys are dealt out to splits,
// merged in order, as where other workgroups compute them (lib/splits.h, attention_step.comp).
// (key_dim + value_dim) * 1 to 4 bytes and 2 * (key_dim + value_dim) * kHeads operations a key.
#version 450

#include "params/attention.h"
#include "params/dtype.h"

layout(constant_id = 0) const uint kHeads = 1u;  // a divisor of the queries that read a kv head
layout(constant_id = 1) const uint kKeyDim = 4u;
layout(constant_id = 2) const uint kValueDim = 4u;
layout(constant_id = 3) const uint kCacheDtype = TRITIUM_DTYPE_F32;
layout(push_constant) uniform Push { AttentionParams p; };
layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 2) readonly buffer KCache { uint k_cache[]; };  // rows of whole words
layout(set = 0, binding = 3) readonly buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 4) readonly buffer KScales { float k_scales[]; };
layout(set = 0, binding = 5) readonly buffer VScales { float v_scales[]; };
layout(set = 0, binding = 6) writeonly buffer Y { float y[]; };

const uint kOwnRow = 0u;
#include "lib/attend.glsl"

uint key_word(uint row, uint i) { return k_cache[row * kKeyWords + i]; }
uvec4 key_piece(uint row, uint piece) {
  const uint at = row * kKeyWords + 4u * piece;
  return uvec4(k_cache[at], k_cache[at + 1u], k_cache[at + 2u], k_cache[at + 3u]);
}
uint value_word(uint row, uint i) { return v_cache[row * kWords + i]; }

// Of all splits so far.
float merged_mix[kHeads * kColumns];
float merged_largest[kHeads];
float merged_weights[kHeads];

void merge_split() {
  for (uint h = 0u; h < kHeads; ++h) {
    const float largest = with_split(merged_largest[h], largest_score[h], sum_of_weights[h]);
    const float correction = softmax_term(merged_largest[h], largest);
    const float weight = weight_of_split(largest_score[h], sum_of_weights[h], largest);
    merged_weights[h] = merged_sum(merged_weights[h], correction, sum_of_weights[h], weight);
    for (uint i = h * kColumns; i < (h + 1u) * kColumns; ++i)
      merged_mix[i] = merged_sum(merged_mix[i], correction, mix_of_values[i], weight);
    merged_largest[h] = largest;
  }
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  const uint groups = p.n_heads / kHeads;
  const uint first_head = folded_group() % groups * kHeads;
  const uint token = folded_group() / groups;
  if (token >= p.n_tokens) return;
  const uint kv_head = first_head / (p.n_heads / p.n_kv_heads);
  // The first row of the caches that belongs to the token's sequence; of those that do, the keys it sees.
  const uint position = rows[token].x;
  const uint start = rows[token].y;
  const uint last = start + position;
  const uint first = p.window == 0u || position + 1u < p.window ? start : last + 1u - p.window;

  const uint first_row = token * p.n_heads + first_head;
  for (uint i = lane; i < kHeads * kKeyDim; i += kWorkgroup) turned[i] = q[first_row * kKeyDim + i];
  barrier();
  for (uint i = 0u; i < kHeads * kColumns; ++i) merged_mix[i] = 0.0;
  for (uint h = 0u; h < kHeads; ++h) merged_largest[h] = kBelowScores, merged_weights[h] = 0.0;
  for (uint begin = first; begin <= last; begin += p.split_keys) {
    attend(begin, min(begin + p.split_keys, last + 1u), kv_head, false, vec2(1.0));
    merge_split();
  }
  for (uint h = 0u; h < kHeads; ++h)
    for (uint i = 0u; i < kColumns; ++i) {
      const uint column = lane + i * kWorkgroup;
      if (column < kValueDim)
        y[(first_row + h) * kValueDim + column] = merged_mix[h * kColumns + i] / merged_weights[h];
    }
}
