// Attention of one token, before what its splits found is merged (lib/splits.h): norms and rotates q and k
// (rms_norm.comp, rope.comp), stores k and v (store_kv.comp), and attends to the keys that the token sees
// (attention.comp).
//   q: f32 [n_heads, key_dim]; k: f32 [n_kv_heads, key_dim]; v: f32 [n_kv_heads, value_dim]; norms: f32 [key_dim];
//   cos_sin: f32 [context, n_rotated / 2, 2]; rows: position, first cache row; caches and scales as in attention.comp,
//   rows of whole 16 bytes; parts: f32 [n_heads, n_splits, value_dim + 2]
// A workgroup computes the heads of one kv head over one split: a key or value is read once for all of them, 16 bytes
// of a key at a time. The split that sees the token's own key stores it first. (key_dim + value_dim) * 1 to 4 bytes and
// 2 * (key_dim + value_dim) * kHeads operations a key.
#version 450

#include "lib/int8_block.glsl"
#include "lib/kv_cache.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"
#include "params/attention_step.h"

layout(constant_id = 0) const uint kHeads = 1u;  // queries that read a kv head
layout(constant_id = 1) const uint kKeyDim = 4u;
layout(constant_id = 2) const uint kValueDim = 4u;
layout(push_constant) uniform Push { AttentionStepParams p; };
layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer K { float k[]; };
layout(set = 0, binding = 2) readonly buffer V { float v[]; };
layout(set = 0, binding = 3) readonly buffer QNorm { float q_norm[]; };
layout(set = 0, binding = 4) readonly buffer KNorm { float k_norm[]; };
layout(set = 0, binding = 5) readonly buffer CosSin { vec2 cos_sin[]; };
layout(set = 0, binding = 6) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 7) coherent buffer KCache { uvec4 k_cache[]; };
layout(set = 0, binding = 8) coherent buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 9) coherent buffer KScales { float k_scales[]; };
layout(set = 0, binding = 10) coherent buffer VScales { float v_scales[]; };
layout(set = 0, binding = 11) writeonly buffer Parts { float parts[]; };

const uint kColumns = (kValueDim + kWorkgroup - 1u) / kWorkgroup;  // value columns an invocation holds
const float kBelowScores = -1.6e38;

shared float turned[(kHeads + 1u) * kKeyDim];  // the queries, and behind them the key
shared float weight_of_key[kHeads * kWorkgroup];

void norm_row(uint row) {
  float squares = 0.0;
  for (uint d = gl_LocalInvocationIndex; d < kKeyDim; d += kWorkgroup)
    squares += turned[row * kKeyDim + d] * turned[row * kKeyDim + d];
  const float inverse_rms = 1.0 / sqrt(workgroup_sum(squares) / float(kKeyDim) + p.eps);
  for (uint d = gl_LocalInvocationIndex; d < kKeyDim; d += kWorkgroup)
    turned[row * kKeyDim + d] = turned[row * kKeyDim + d] * inverse_rms * (row < kHeads ? q_norm[d] : k_norm[d]);
}

void rotate_row(uint row, uint position) {
  const uint n_pairs = p.n_rotated / 2u;
  for (uint pair = gl_LocalInvocationIndex; pair < n_pairs; pair += kWorkgroup) {
    const uint first = row * kKeyDim + (p.pairing == 1u ? pair : 2u * pair);
    const uint second = first + (p.pairing == 1u ? n_pairs : 1u);
    const vec2 turn = cos_sin[position * n_pairs + pair];
    const float a = turned[first];
    const float b = turned[second];
    turned[first] = a * turn.x - b * turn.y;
    turned[second] = a * turn.y + b * turn.x;
  }
}

// The heads' queries, and the key where the workgroup stores it.
void prepare_rows(uint kv_head, uint position, bool with_key) {
  const uint n_rows = with_key ? kHeads + 1u : kHeads;
  for (uint i = gl_LocalInvocationIndex; i < n_rows * kKeyDim; i += kWorkgroup)
    turned[i] = i < kHeads * kKeyDim ? q[kv_head * kHeads * kKeyDim + i] : k[kv_head * kKeyDim + i - kHeads * kKeyDim];
  barrier();
  for (uint row = 0u; row < n_rows; ++row) {
    if (p.with_norm == 1u && p.norm_after_rope == 0u) norm_row(row);
    barrier();
    rotate_row(row, position);
    barrier();
    if (p.with_norm == 1u && p.norm_after_rope == 1u) norm_row(row);
  }
  barrier();
}

float new_value(bool keys, uint kv_head, uint d) {
  return keys ? turned[kHeads * kKeyDim + d] : v[kv_head * kValueDim + d];
}

// Of the key or of the value of the token.
void store_row(bool keys, uint kv_head, uint cache_row) {
  const uint dim = keys ? kKeyDim : kValueDim;
  Int8Block codes;
  if (p.cache_dtype == TRITIUM_DTYPE_I8) {
    uint bits = 0u;
    for (uint d = gl_LocalInvocationIndex; d < dim; d += kWorkgroup)
      bits = max(bits, magnitude_bits(new_value(keys, kv_head, d)));
    codes = int8_block(largest_of_workgroup(bits));
    if (gl_LocalInvocationIndex == 0u) {
      if (keys)
        k_scales[cache_row] = codes.scale;
      else
        v_scales[cache_row] = codes.scale;
    }
    barrier();  // the maximum has been read
  }
  const uint n = values_of_word(p.cache_dtype);
  for (uint i = gl_LocalInvocationIndex; i < dim / n; i += kWorkgroup) {
    uint word = 0u;
    for (uint b = 0u; b < n; ++b) {
      const float value = new_value(keys, kv_head, n * i + b);
      if (p.cache_dtype == TRITIUM_DTYPE_F32)
        word = floatBitsToUint(value);
      else if (p.cache_dtype == TRITIUM_DTYPE_F16)
        word |= f16_bits(value) << (16u * b);
      else
        word |= (uint(int8_code(value, codes)) & 255u) << (8u * b);
    }
    const uint at = cache_row * (dim / n) + i;
    if (keys)
      k_cache[at / 4u][at % 4u] = word;
    else
      v_cache[at] = word;
  }
}

void scores_of(uint key, uint kv_head, out float scores[kHeads]) {
  const uint n = values_of_word(p.cache_dtype);
  const uint row = key * p.n_kv_heads + kv_head;
  const uint fours = kKeyDim / (4u * n);
  for (uint h = 0u; h < kHeads; ++h) scores[h] = 0.0;
  for (uint w = 0u; w < fours; ++w) {
    const uvec4 words = k_cache[row * fours + w];
    for (uint c = 0u; c < 4u; ++c) {
      const vec4 values = cached_values(p.cache_dtype, words[c]);
      for (uint i = 0u; i < n; ++i)
        for (uint h = 0u; h < kHeads; ++h) scores[h] += turned[h * kKeyDim + (4u * w + c) * n + i] * values[i];
    }
  }
  const float scale = p.cache_dtype == TRITIUM_DTYPE_I8 ? p.scale * k_scales[row] : p.scale;
  for (uint h = 0u; h < kHeads; ++h) scores[h] = bounded_score(scale * scores[h]);
}

float value_of(uint key, uint kv_head, uint column) {
  const uint at = (key * p.n_kv_heads + kv_head) * kValueDim + column;
  const uint n = values_of_word(p.cache_dtype);
  return cached_values(p.cache_dtype, v_cache[at / n])[at % n];
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  const uint kv_head = gl_WorkGroupID.x;
  const uint split = gl_WorkGroupID.y;
  const uint position = rows[0].x;
  const uint start = rows[0].y;
  const uint seen_first = p.window == 0u || position + 1u < p.window ? start : start + position + 1u - p.window;
  const uint seen_last = start + position;
  const uint first = seen_first + split * p.split_keys;
  const uint end = min(first + p.split_keys, seen_last + 1u);
  const bool with_key = first <= seen_last && end == seen_last + 1u;

  prepare_rows(kv_head, position, with_key);
  if (with_key) {
    store_row(true, kv_head, seen_last * p.n_kv_heads + kv_head);
    store_row(false, kv_head, seen_last * p.n_kv_heads + kv_head);
    memoryBarrierBuffer();
  }
  barrier();

  float mix[kHeads * kColumns];
  float largest[kHeads];
  float sum[kHeads];
  for (uint i = 0u; i < kHeads * kColumns; ++i) mix[i] = 0.0;
  for (uint h = 0u; h < kHeads; ++h) largest[h] = kBelowScores, sum[h] = 0.0;
  for (uint chunk = first; chunk < end; chunk += kWorkgroup) {
    const uint key = chunk + lane;
    const bool visible = key < end;
    float scores[kHeads];
    for (uint h = 0u; h < kHeads; ++h) scores[h] = kBelowScores;
    if (visible) scores_of(key, kv_head, scores);
    float correction[kHeads];
    const bool scaled = visible && p.cache_dtype == TRITIUM_DTYPE_I8;
    const float value_scale = scaled ? v_scales[key * p.n_kv_heads + kv_head] : 1.0;
    for (uint h = 0u; h < kHeads; ++h) {
      const float new_largest = max(largest[h], workgroup_max(scores[h]));
      correction[h] = softmax_term(largest[h], new_largest);
      const float weight = visible ? softmax_term(scores[h], new_largest) : 0.0;
      weight_of_key[h * kWorkgroup + lane] = scaled ? weight * value_scale : weight;
      sum[h] = sum[h] * correction[h] + workgroup_sum(weight);  // its barriers publish weight_of_key, too
      largest[h] = new_largest;
    }
    const uint keys = min(kWorkgroup, end - chunk);
    for (uint i = 0u; i < kColumns; ++i) {
      const uint column = lane + i * kWorkgroup;
      if (column >= kValueDim) continue;
      float added[kHeads];
      for (uint h = 0u; h < kHeads; ++h) added[h] = 0.0;
      for (uint j = 0u; j < keys; ++j) {
        const float value = value_of(chunk + j, kv_head, column);
        for (uint h = 0u; h < kHeads; ++h) added[h] += weight_of_key[h * kWorkgroup + j] * value;
      }
      for (uint h = 0u; h < kHeads; ++h) mix[h * kColumns + i] = mix[h * kColumns + i] * correction[h] + added[h];
    }
    barrier();  // weight_of_key is rewritten by the next chunk
  }
  for (uint h = 0u; h < kHeads; ++h) {
    const uint part = part_of(kv_head * kHeads + h, split, p.n_splits, kValueDim);
    for (uint i = 0u; i < kColumns; ++i)
      if (lane + i * kWorkgroup < kValueDim) parts[part + lane + i * kWorkgroup] = mix[h * kColumns + i];
    if (lane == 0u) {
      parts[part + kValueDim] = first < end ? largest[h] : 0.0;
      parts[part + kValueDim + 1u] = sum[h];
    }
  }
}
