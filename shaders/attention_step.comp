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
#extension GL_EXT_control_flow_attributes : require

#include "params/attention_step.h"
#include "params/dtype.h"

layout(constant_id = 0) const uint kHeads = 1u;  // queries that read a kv head
layout(constant_id = 1) const uint kKeyDim = 4u;
layout(constant_id = 2) const uint kValueDim = 4u;
layout(constant_id = 3) const uint kCacheDtype = TRITIUM_DTYPE_F32;
layout(push_constant) uniform Push { AttentionStepParams p; };
layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer K { float k[]; };
layout(set = 0, binding = 2) readonly buffer V { float v[]; };
layout(set = 0, binding = 3) readonly buffer QNorm { float q_norm[]; };
layout(set = 0, binding = 4) readonly buffer KNorm { float k_norm[]; };
layout(set = 0, binding = 5) readonly buffer CosSin { vec2 cos_sin[]; };
layout(set = 0, binding = 6) readonly buffer Rows { uvec2 rows[]; };
layout(set = 0, binding = 7) buffer KCache { uvec4 k_cache[]; };
layout(set = 0, binding = 8) buffer VCache { uint v_cache[]; };
layout(set = 0, binding = 9) buffer KScales { float k_scales[]; };
layout(set = 0, binding = 10) buffer VScales { float v_scales[]; };
layout(set = 0, binding = 11) writeonly buffer Parts { float parts[]; };

const uint kOwnRow = 1u;
#include "lib/attend.glsl"
#include "lib/cached_row.glsl"

const uint kDims = (kKeyDim + kWorkgroup - 1u) / kWorkgroup;  // columns of a key an invocation holds

// What the workgroup writes to the caches it does not read there: that is the own row of attend.glsl.
uint key_word(uint row, uint i) { return k_cache[row * kPieces + i / 4u][i % 4u]; }
uvec4 key_piece(uint row, uint piece) { return k_cache[row * kPieces + piece]; }
uint value_word(uint row, uint i) { return v_cache[row * kWords + i]; }

uint own_row = 0u;  // of the caches

// Column i of those that this invocation has of a row of keys; any other where the row ends before.
uint dim_of(uint i) { return min(gl_LocalInvocationIndex + i * kWorkgroup, kKeyDim - 1u); }
bool has_dim(uint i) { return kKeyDim % kWorkgroup == 0u || gl_LocalInvocationIndex + i * kWorkgroup < kKeyDim; }

float own_squares(uint row) {
  float squares = 0.0;
  for (uint i = 0u; i < kDims; ++i) {
    const float value = turned[row * kKeyDim + dim_of(i)];
    if (has_dim(i)) squares += value * value;
  }
  return squares;
}

void scale_row(uint row, float squares, float weights[kDims]) {
  const float inverse_rms = 1.0 / sqrt(squares / float(kKeyDim) + p.eps);
  for (uint i = 0u; i < kDims; ++i)
    if (has_dim(i)) turned[row * kKeyDim + dim_of(i)] = turned[row * kKeyDim + dim_of(i)] * inverse_rms * weights[i];
}

void norm_rows(bool with_key) {
  float weights[kDims];
  for (uint i = 0u; i < kDims; ++i) weights[i] = q_norm[dim_of(i)];
  for (uint h = 0u; h < kHeads; ++h) publish(h, floatBitsToUint(own_squares(h)));
  grow_branches(kReduceSum, kHeads);
  for (uint h = 0u; h < kHeads; ++h) scale_row(h, reduced_sum(h), weights);
  if (with_key) {
    for (uint i = 0u; i < kDims; ++i) weights[i] = k_norm[dim_of(i)];
    scale_row(kHeads, workgroup_sum(own_squares(kHeads)), weights);
  }
  barrier();
}

void rotate_rows(uint n_rows, uint position) {
  const uint n_pairs = p.n_rotated / 2u;
  for (uint pair = gl_LocalInvocationIndex; pair < n_pairs; pair += kWorkgroup) {
    const vec2 turn = cos_sin[position * n_pairs + pair];
    for (uint row = 0u; row < n_rows; ++row) {
      const uint first = row * kKeyDim + (p.pairing == 1u ? pair : 2u * pair);
      const uint second = first + (p.pairing == 1u ? n_pairs : 1u);
      const float a = turned[first];
      const float b = turned[second];
      turned[first] = a * turn.x - b * turn.y;
      turned[second] = a * turn.y + b * turn.x;
    }
  }
  barrier();
}

// The heads' queries, and the key where the workgroup stores it.
void prepare_rows(uint kv_head, uint position, bool with_key) {
  float values[(kHeads + 1u) * kDims];
  for (uint i = 0u; i < kDims; ++i) {
    for (uint h = 0u; h < kHeads; ++h) values[h * kDims + i] = q[(kv_head * kHeads + h) * kKeyDim + dim_of(i)];
    values[kHeads * kDims + i] = k[kv_head * kKeyDim + dim_of(i)];
  }
  for (uint row = 0u; row <= kHeads; ++row)
    for (uint i = 0u; i < kDims; ++i)
      if (has_dim(i)) turned[row * kKeyDim + dim_of(i)] = values[row * kDims + i];
  barrier();
  // Written once, for it is long.
  [[dont_unroll]] for (uint stage = 0u; stage < 2u; ++stage) {
    if (p.with_norm == 1u && p.norm_after_rope == stage) norm_rows(with_key);
    if (stage == 0u) rotate_rows(with_key ? kHeads + 1u : kHeads, position);
  }
}

float new_value(bool keys, uint kv_head, uint d) {
  return keys ? turned[kHeads * kKeyDim + d] : v[kv_head * kValueDim + d];
}

void write_word(bool keys, uint kv_head, uint i, uint word) {
  if (keys) {
    own_key[i / 4u][i % 4u] = word;
    k_cache[own_row * kPieces + i / 4u][i % 4u] = word;
  } else {
    own_value[i] = word;
    v_cache[own_row * kWords + i] = word;
  }
}

// Key and value of the token; returns their scales.
vec2 store_rows(uint kv_head) {
  const float of_key = write_row(kCacheDtype, true, kv_head, kKeyDim);
  const float of_value = write_row(kCacheDtype, false, kv_head, kValueDim);
  if (kCacheDtype == TRITIUM_DTYPE_I8 && gl_LocalInvocationIndex == 0u) {
    k_scales[own_row] = of_key;
    v_scales[own_row] = of_value;
  }
  return vec2(of_key, of_value);
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
  own_row = seen_last * p.n_kv_heads + kv_head;
  vec2 own_scales = vec2(1.0);
  if (with_key) own_scales = store_rows(kv_head);
  barrier();

  attend(first, end, kv_head, with_key, own_scales);
  for (uint h = 0u; h < kHeads; ++h) {
    const uint part = part_of(kv_head * kHeads + h, split, p.n_splits, kValueDim);
    for (uint i = 0u; i < kColumns; ++i)
      if (lane + i * kWorkgroup < kValueDim) parts[part + lane + i * kWorkgroup] = mix_of_values[h * kColumns + i];
    if (lane == 0u) {
      parts[part + kValueDim] = first < end ? largest_score[h] : 0.0;
      parts[part + kValueDim + 1u] = sum_of_weights[h];
    }
  }
}
