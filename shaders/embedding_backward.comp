// dtable[tokens[t]] += dy[t], in ascending t
//   tokens: i32 [n_tokens]; dy: f32 [n_tokens, dim]; dtable: f32 [vocab_size, dim]
// A workgroup computes a row of dtable: the one of the first place where a token stands; those of its later places have
// nothing to do. 4 bytes and 1 operation a value of dy, 4 bytes a token for finding the places.
#version 450

#include "lib/grid.glsl"
#include "params/embedding_backward.h"

layout(push_constant) uniform Push { EmbeddingBackwardParams p; };
layout(set = 0, binding = 0) readonly buffer Tokens { int tokens[]; };
layout(set = 0, binding = 1) readonly buffer Dy { float dy[]; };
layout(set = 0, binding = 2) buffer Dtable { float dtable[]; };

const uint kBatch = 32u;
#include "lib/matching_rows.glsl"

shared uint stands_earlier;

uint token_id;

bool matches(uint t) { return uint(tokens[t]) == token_id; }

void add_batch(uint at, uint count) {
  for (uint d = gl_LocalInvocationIndex; d < p.dim; d += kWorkgroup) {
    float sum = 0.0;
    for (uint i = 0u; i < count; ++i) sum += dy[matching_rows[at + i] * p.dim + d];
    dtable[token_id * p.dim + d] += sum;
  }
}

void main() {
  const uint token = folded_group();
  if (token >= p.n_tokens) return;
  token_id = uint(tokens[token]);
  if (token_id >= p.vocab_size) return;
  if (gl_LocalInvocationIndex == 0u) stands_earlier = 0u;
  barrier();
  bool earlier = false;
  for (uint t = gl_LocalInvocationIndex; t < token && !earlier; t += kWorkgroup) earlier = matches(t);
  if (earlier) atomicOr(stands_earlier, 1u);
  barrier();
  if (stands_earlier == 0u) for_matching_rows(token, p.n_tokens);
}
