// What the gradients of an attention need of each query's softmax over the keys it sees: the largest score, 1 / the sum
// of exp(score - largest), and the mean sum_j p_j (dy v_j^T).
//   q: f32 [T, n_heads, key_dim]; k: f32 [T, n_kv_heads, key_dim]; v: f32 [T, n_kv_heads, value_dim];
//   dy: f32 [T, n_heads, value_dim]; softmax_of_query: f32 [T, n_heads, 4], T = n_sequences * sequence_length
// A workgroup computes 32 queries of a head; four invocations go through each query's pairs with a running maximum
// (online softmax, Milakov & Gimelshein 2018) and merge in the end. Per pair 2 (key_dim + value_dim) operations, and
// (key_dim + value_dim) * 4 bytes for 32 pairs.
#version 450

#include "lib/attention_tiles.glsl"

layout(set = 0, binding = 4) writeonly buffer SoftmaxOfQuery { float softmax_of_query[]; };

const uint kShares = 4u;  // of a query's keys
const float kBelowScores = -1.6e38;

float largest = kBelowScores;
float sum = 0.0;             // of exp(score - largest)
float mean_times_sum = 0.0;  // of exp(score - largest) dy v^T

void add(float other_largest, float other_sum, float other_mean_times_sum) {
  const float new_largest = max(largest, other_largest);
  const float correction = softmax_term(largest, new_largest);
  const float other_correction = softmax_term(other_largest, new_largest);
  sum = sum * correction + other_sum * other_correction;
  mean_times_sum = mean_times_sum * correction + other_mean_times_sum * other_correction;
  largest = new_largest;
}

// The pairs of the tile that belong to this invocation's share of its query.
void add_tile(uint query, uint share, uint first_query, uint first_key) {
  const uint first = share * (kKeys / kShares);
  for (uint j = first; j < first + kKeys / kShares; ++j)
    if (is_visible(first_query + query, first_key + j))
      add(query_tile[query * kStride + j], 1.0, key_tile[query * kStride + j]);
}

void main() {
  const uint tiles = (p.sequence_length + kQueries - 1u) / kQueries;
  const uint head = folded_group() / tiles % p.n_heads;
  const uint sequence = folded_group() / (tiles * p.n_heads);
  if (sequence >= p.n_sequences) return;
  const uint start = sequence * p.sequence_length;
  const uint first_query = folded_group() % tiles * kQueries;
  const uint query = gl_LocalInvocationIndex / kShares;
  const uint share = gl_LocalInvocationIndex % kShares;

  for (uint first_key = first_key_of(first_query); first_key < min(first_query + kQueries, p.sequence_length);
       first_key += kKeys) {
    float scores[kPairs];
    float of_weights[kPairs];
    multiply_rows(false, start, head, first_query, first_key, scores);
    multiply_rows(true, start, head, first_query, first_key, of_weights);
    for (uint i = 0u; i < kPairs; ++i) {
      query_tile[pair_query(i) * kStride + pair_key(i)] = bounded_score(p.scale * scores[i]);
      key_tile[pair_query(i) * kStride + pair_key(i)] = of_weights[i];
    }
    barrier();
    add_tile(query, share, first_query, first_key);
  }

  barrier();
  query_tile[3u * gl_LocalInvocationIndex] = largest;
  query_tile[3u * gl_LocalInvocationIndex + 1u] = sum;
  query_tile[3u * gl_LocalInvocationIndex + 2u] = mean_times_sum;
  barrier();
  if (share > 0u || first_query + query >= p.sequence_length) return;
  for (uint s = 1u; s < kShares; ++s) {
    const uint at = 3u * (gl_LocalInvocationIndex + s);
    add(query_tile[at], query_tile[at + 1u], query_tile[at + 2u]);
  }
  const uint at = query_row(start, head, first_query + query) * kSoftmaxSize;
  softmax_of_query[at] = largest;
  softmax_of_query[at + 1u] = 1.0 / sum;
  softmax_of_query[at + 2u] = mean_times_sum / sum;
}
