// The softmax of an attention that its gradient goes through, from what attention_backward.softmax.comp wrote. Bindings
// 0 to 4. GLSL only.
#ifndef TRITIUM_LIB_ATTENTION_SCORES_GLSL
#define TRITIUM_LIB_ATTENTION_SCORES_GLSL

#include "lib/attention_tiles.glsl"

layout(set = 0, binding = 4) readonly buffer SoftmaxOfQuery { float softmax_of_query[]; };

// query_tile[query * kStride + key] = p, key_tile[...] = ds of every pair of the tile. Every invocation calls it.
void share_pairs(uint start, uint head, uint first_query, uint first_key) {
  float scores[kPairs];
  float of_weights[kPairs];
  multiply_rows(false, start, head, first_query, first_key, scores);
  multiply_rows(true, start, head, first_query, first_key, of_weights);
  for (uint i = 0u; i < kPairs; ++i) {
    const uint query = first_query + pair_query(i);
    float weight = 0.0;
    float of_score = 0.0;
    if (is_visible(query, first_key + pair_key(i))) {
      const uint at = query_row(start, head, query) * kSoftmaxSize;
      weight = softmax_term(bounded_score(p.scale * scores[i]), softmax_of_query[at]) * softmax_of_query[at + 1u];
      of_score = weight * (of_weights[i] - softmax_of_query[at + 2u]);
    }
    query_tile[pair_query(i) * kStride + pair_key(i)] = weight;
    key_tile[pair_query(i) * kStride + pair_key(i)] = of_score;
  }
  barrier();
}

#endif
