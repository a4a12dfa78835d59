// Tiles of 32 queries by 32 keys of an attention's gradient. An invocation has 8 pairs of a tile: pair i is query
// pair_query(i), key pair_key(i). Bindings 0 to 3. GLSL only.
#ifndef TRITIUM_LIB_ATTENTION_TILES_GLSL
#define TRITIUM_LIB_ATTENTION_TILES_GLSL

#include "lib/grid.glsl"
#include "lib/softmax.h"
#include "params/attention_backward.h"

layout(push_constant) uniform Push { AttentionBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer K { float k[]; };
layout(set = 0, binding = 2) readonly buffer V { float v[]; };
layout(set = 0, binding = 3) readonly buffer Dy { float dy[]; };

const uint kQueries = 32u;
const uint kKeys = 32u;
const uint kDims = 32u;           // of a row in shared memory at a time
const uint kStride = kDims + 1u;  // odd: neighbours lie in different banks
const uint kPairs = 8u;
const uint kColumns = 64u;  // of dq, dk or dv that a workgroup computes
const uint kSide = 4u;      // an invocation has kSide rows and kSide columns of them, 8 and 16 apart

// Of a query's softmax: its largest score, 1 / the sum of exp(score - largest), sum_j p_j (dy v_j^T), one not used.
const uint kSoftmaxSize = 4u;

// First rows of queries and of keys by dimensions; later whatever a shader shares of a tile's pairs.
shared float query_tile[kQueries * kStride];
shared float key_tile[kKeys * kStride];

uint pair_query(uint i) { return gl_LocalInvocationIndex / 8u + i / 4u * 16u; }
uint pair_key(uint i) { return gl_LocalInvocationIndex % 8u + i % 4u * 8u; }

// Tokens are counted within a sequence, which begins at row `start` of q, k, v and dy.
uint query_row(uint start, uint head, uint token) { return (start + token) * p.n_heads + head; }
uint key_row(uint start, uint head, uint token) {
  return (start + token) * p.n_kv_heads + head / (p.n_heads / p.n_kv_heads);
}

// How many keys a query sees at most, its own included.
uint reach() { return p.window == 0u ? p.sequence_length : min(p.window, p.sequence_length); }

bool is_visible(uint query, uint key) { return query < p.sequence_length && key <= query && query - key < reach(); }

// The first tile that the queries from first_query on see.
uint first_key_of(uint first_query) {
  return first_query + 1u <= reach() ? 0u : (first_query + 1u - reach()) / kKeys * kKeys;
}

void load_rows(bool of_values, uint start, uint head, uint first_query, uint first_key, uint first_dim) {
  const uint dims = of_values ? p.value_dim : p.key_dim;
  for (uint i = gl_LocalInvocationIndex; i < kQueries * kDims; i += kWorkgroup) {
    const uint row = i / kDims;
    const uint d = first_dim + i % kDims;
    float left = 0.0;
    float right = 0.0;
    if (d < dims && first_query + row < p.sequence_length) {
      const uint at = query_row(start, head, first_query + row) * dims + d;
      left = of_values ? dy[at] : q[at];
    }
    if (d < dims && first_key + row < p.sequence_length) {
      const uint at = key_row(start, head, first_key + row) * dims + d;
      right = of_values ? v[at] : k[at];
    }
    query_tile[row * kStride + i % kDims] = left;
    key_tile[row * kStride + i % kDims] = right;
  }
}

// q k^T, or dy v^T, of this invocation's pairs. Every invocation calls it.
void multiply_rows(bool of_values, uint start, uint head, uint first_query, uint first_key,
                   out float products[kPairs]) {
  for (uint i = 0u; i < kPairs; ++i) products[i] = 0.0;
  const uint dims = of_values ? p.value_dim : p.key_dim;
  for (uint first_dim = 0u; first_dim < dims; first_dim += kDims) {
    barrier();  // what the tiles held has been read
    load_rows(of_values, start, head, first_query, first_key, first_dim);
    barrier();
    for (uint d = 0u; d < kDims; ++d) {
      float left[2];
      for (uint i = 0u; i < 2u; ++i) left[i] = query_tile[pair_query(4u * i) * kStride + d];
      for (uint j = 0u; j < 4u; ++j) {
        const float right = key_tile[pair_key(j) * kStride + d];
        products[j] += left[0] * right;
        products[4u + j] += left[1] * right;
      }
    }
  }
  barrier();  // the tiles may be used again
}

#endif
