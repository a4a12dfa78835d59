// dq = scale ds k with p = softmax(scale q k^T) and ds = p (dy v^T - sum_j p_j (dy v_j^T)), over the keys
// max(0, t + 1 - window) … t of the token's sequence; the softmax from attention_backward.softmax.comp.
//   q, dq: f32 [T, n_heads, key_dim]; k: f32 [T, n_kv_heads, key_dim]; v: f32 [T, n_kv_heads, value_dim];
//   dy: f32 [T, n_heads, value_dim]; softmax_of_query: f32 [T, n_heads, 4], T = n_sequences * sequence_length
// A workgroup computes 64 columns of 32 queries of a head: per pair of query and key 2 (key_dim + value_dim) + 128
// operations, and (key_dim + value_dim) * 4 bytes for 32 pairs.
#version 450

#include "lib/attention_scores.glsl"

layout(set = 0, binding = 5) writeonly buffer Dq { float dq[]; };

float sums[kSide * kSide];

// sums += ds k of the tile's keys. Beyond the sequence ds is 0, and any row of k will do.
void add_tile(uint start, uint head, uint first_key, uint query, uint column) {
  float tile_sums[kSide * kSide];
  for (uint i = 0u; i < kSide * kSide; ++i) tile_sums[i] = 0.0;
  const uint keys = min(kKeys, p.sequence_length - first_key);
  for (uint key = 0u; key < keys; ++key) {
    const uint row = key_row(start, head, first_key + key) * p.key_dim;
    float values[kSide];
    for (uint j = 0u; j < kSide; ++j) {
      const uint c = column + j * (kColumns / kSide);
      values[j] = c < p.key_dim ? k[row + c] : 0.0;
    }
    for (uint i = 0u; i < kSide; ++i) {
      const float of_score = key_tile[(query + i * (kQueries / kSide)) * kStride + key];
      for (uint j = 0u; j < kSide; ++j) tile_sums[i * kSide + j] += of_score * values[j];
    }
  }
  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] += tile_sums[i];
}

void main() {
  const uint column_tiles = (p.key_dim + kColumns - 1u) / kColumns;
  const uint tiles = (p.sequence_length + kQueries - 1u) / kQueries;
  const uint head = folded_group() / (column_tiles * tiles) % p.n_heads;
  const uint sequence = folded_group() / (column_tiles * tiles * p.n_heads);
  if (sequence >= p.n_sequences) return;
  const uint start = sequence * p.sequence_length;
  const uint first_query = folded_group() / column_tiles % tiles * kQueries;
  const uint query = gl_LocalInvocationIndex / (kColumns / kSide);  // and those kQueries / kSide apart
  const uint column = folded_group() % column_tiles * kColumns + gl_LocalInvocationIndex % (kColumns / kSide);

  for (uint i = 0u; i < kSide * kSide; ++i) sums[i] = 0.0;
  for (uint first_key = first_key_of(first_query); first_key < min(first_query + kQueries, p.sequence_length);
       first_key += kKeys) {
    share_pairs(start, head, first_query, first_key);
    add_tile(start, head, first_key, query, column);
  }
  for (uint i = 0u; i < kSide; ++i)
    for (uint j = 0u; j < kSide; ++j) {
      const uint token = first_query + query + i * (kQueries / kSide);
      const uint c = column + j * (kColumns / kSide);
      if (token < p.sequence_length && c < p.key_dim)
        dq[query_row(start, head, token) * p.key_dim + c] = p.scale * sums[i * kSide + j];
    }
}
