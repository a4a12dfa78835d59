// dv = p^T dy,   dk = scale ds^T q, p and ds as in attention_backward.comp, summed over the queries that see a key, of
// all heads that read its kv head.
//   q: f32 [T, n_heads, key_dim]; k, dk: f32 [T, n_kv_heads, key_dim]; v, dv: f32 [T, n_kv_heads, value_dim];
//   dy: f32 [T, n_heads, value_dim]; softmax_of_query: f32 [T, n_heads, 4], T = n_sequences * sequence_length
// A workgroup computes 64 columns of 32 keys of a kv head: per pair of query and key 2 (key_dim + value_dim) + 256
// operations, and (key_dim + value_dim) * 4 bytes for 32 pairs.
#version 450

#include "lib/attention_scores.glsl"

layout(set = 0, binding = 5) writeonly buffer Dk { float dk[]; };
layout(set = 0, binding = 6) writeonly buffer Dv { float dv[]; };

float dk_sums[kSide * kSide];
float dv_sums[kSide * kSide];

void add_tile(uint start, uint head, uint first_query, uint key, uint column) {
  // A tile is summed by itself: a long sum's error grows with the number of tiles, not of queries.
  float dk_tile[kSide * kSide];
  float dv_tile[kSide * kSide];
  for (uint i = 0u; i < kSide * kSide; ++i) dk_tile[i] = dv_tile[i] = 0.0;
  const uint queries = min(kQueries, p.sequence_length - first_query);
  for (uint query = 0u; query < queries; ++query) {
    const uint row = query_row(start, head, first_query + query);
    for (uint j = 0u; j < kSide; ++j) {
      const uint c = column + j * (kColumns / kSide);
      const float q_value = c < p.key_dim ? q[row * p.key_dim + c] : 0.0;
      const float dy_value = c < p.value_dim ? dy[row * p.value_dim + c] : 0.0;
      for (uint i = 0u; i < kSide; ++i) {
        const uint pair = query * kStride + key + i * (kKeys / kSide);
        dk_tile[i * kSide + j] += key_tile[pair] * q_value;
        dv_tile[i * kSide + j] += query_tile[pair] * dy_value;
      }
    }
  }
  for (uint i = 0u; i < kSide * kSide; ++i) {
    dk_sums[i] += dk_tile[i];
    dv_sums[i] += dv_tile[i];
  }
}

void main() {
  const uint column_tiles = (max(p.key_dim, p.value_dim) + kColumns - 1u) / kColumns;
  const uint tiles = (p.sequence_length + kKeys - 1u) / kKeys;
  const uint kv_head = folded_group() / (column_tiles * tiles) % p.n_kv_heads;
  const uint sequence = folded_group() / (column_tiles * tiles * p.n_kv_heads);
  if (sequence >= p.n_sequences) return;
  const uint start = sequence * p.sequence_length;
  const uint first_key = folded_group() / column_tiles % tiles * kKeys;
  const uint key = gl_LocalInvocationIndex / (kColumns / kSide);  // and those kKeys / kSide apart
  const uint column = folded_group() % column_tiles * kColumns + gl_LocalInvocationIndex % (kColumns / kSide);

  for (uint i = 0u; i < kSide * kSide; ++i) dk_sums[i] = dv_sums[i] = 0.0;
  const uint heads = p.n_heads / p.n_kv_heads;
  const uint end_query = min(first_key + kKeys - 1u + reach(), p.sequence_length);  // of those that see the last key
  for (uint head = kv_head * heads; head < (kv_head + 1u) * heads; ++head)
    for (uint first_query = first_key; first_query < end_query; first_query += kQueries) {
      share_pairs(start, head, first_query, first_key);
      add_tile(start, head, first_query, key, column);
    }
  for (uint i = 0u; i < kSide; ++i)
    for (uint j = 0u; j < kSide; ++j) {
      const uint token = first_key + key + i * (kKeys / kSide);
      const uint c = column + j * (kColumns / kSide);
      if (token >= p.sequence_length) continue;
      const uint row = (start + token) * p.n_kv_heads + kv_head;
      if (c < p.key_dim) dk[row * p.key_dim + c] = p.scale * dk_sums[i * kSide + j];
      if (c < p.value_dim) dv[row * p.value_dim + c] = dv_sums[i * kSide + j];
    }
}
