// How a workgroup attends with kHeads queries to the keys of one kv head, in a cache (kv_cache.glsl) and, where kOwnRow
// says so, one behind them in shared memory. Keys are taken 128 at a time, one an invocation, with a running maximum
// and sum (online softmax, Milakov & Gimelshein 2018); then each invocation adds to its value columns. Loads wait
// together: kAtOnce pieces of a key, kRowsAtOnce words of values. The shader declares p, k_scales, v_scales and the
// constants kHeads, kKeyDim, kValueDim, kCacheDtype and kOwnRow before, and defines key_word(), key_piece() and
// value_word(). GLSL only.
#ifndef TRITIUM_LIB_ATTEND_GLSL
#define TRITIUM_LIB_ATTEND_GLSL

#extension GL_EXT_control_flow_attributes : require

#define TRITIUM_REDUCED kHeads
#include "lib/kv_cache.glsl"
#include "lib/reduce.glsl"
#include "lib/softmax.h"
#include "lib/splits.h"

const uint kColumns = (kValueDim + kWorkgroup - 1u) / kWorkgroup;  // value columns an invocation holds
const uint kValues = kCacheDtype == TRITIUM_DTYPE_F32 ? 1u : kCacheDtype == TRITIUM_DTYPE_F16 ? 2u : 4u;  // of a word
const uint kKeyWords = kKeyDim / kValues;
const uint kPieces = kKeyWords / 4u;      // of 16 bytes, of a key
const uint kWords = kValueDim / kValues;  // of a value row
const uint kAtOnce = 4u;
const uint kRowsAtOnce = 8u;
const float kBelowScores = -1.6e38;

shared float turned[(kHeads + kOwnRow) * kKeyDim];  // the queries, and behind them the own key
// The own key and value as caches keep them.
shared uvec4 own_key[kOwnRow * (kPieces - 1u) + 1u];
shared uint own_value[kOwnRow * (kWords - 1u) + 1u];

float mix_of_values[kHeads * kColumns];  // not divided by the sums
float largest_score[kHeads];
float sum_of_weights[kHeads];

// Of row `row` of the caches: the word i of its key, the four from 4 piece on, and a word of its value.
uint key_word(uint row, uint i);
uvec4 key_piece(uint row, uint piece);
uint value_word(uint row, uint i);

// scores += the products of word i of a key.
void add_word(uint word, uint i, inout float scores[kHeads]) {
  const vec4 values = cached_values(kCacheDtype, word);
  for (uint v = 0u; v < kValues; ++v)
    for (uint h = 0u; h < kHeads; ++h) scores[h] += turned[h * kKeyDim + i * kValues + v] * values[v];
}

void add_piece(uvec4 words, uint piece, inout float scores[kHeads]) {
  for (uint i = 0u; i < 4u; ++i) add_word(words[i], 4u * piece + i, scores);
}

void bound_scores(float key_scale, inout float scores[kHeads]) {
  const float scale = kCacheDtype == TRITIUM_DTYPE_I8 ? p.scale * key_scale : p.scale;
  for (uint h = 0u; h < kHeads; ++h) scores[h] = bounded_score(scale * scores[h]);
}

// Of a row of the cache.
void scores_of(uint row, out float scores[kHeads]) {
  const float key_scale = kCacheDtype == TRITIUM_DTYPE_I8 ? k_scales[row] : 1.0;
  for (uint h = 0u; h < kHeads; ++h) scores[h] = 0.0;
  [[dont_unroll]] for (uint step = 0u; step < kPieces / kAtOnce; ++step) {
    uvec4 words[kAtOnce];
    for (uint i = 0u; i < kAtOnce; ++i) words[i] = key_piece(row, kAtOnce * step + i);
    for (uint i = 0u; i < kAtOnce; ++i) add_piece(words[i], kAtOnce * step + i, scores);
  }
  for (uint piece = kPieces / kAtOnce * kAtOnce; piece < kPieces; ++piece)
    add_piece(key_piece(row, piece), piece, scores);
  for (uint i = 4u * kPieces; i < kKeyWords; ++i) add_word(key_word(row, i), i, scores);
  bound_scores(key_scale, scores);
}

void scores_of_own(float key_scale, out float scores[kHeads]) {
  for (uint h = 0u; h < kHeads; ++h) scores[h] = 0.0;
  [[dont_unroll]] for (uint piece = 0u; piece < kPieces; ++piece) add_piece(own_key[piece], piece, scores);
  bound_scores(key_scale, scores);
}

// sums += the value of a column times the weights of key j of the chunk.
void add_value(uint word, uint column, uint j, inout float sums[kHeads]) {
  const float value = cached_value(kCacheDtype, word, column);
  for (uint h = 0u; h < kHeads; ++h) sums[h] += uintBitsToFloat(reduce_scratch[h * kWorkgroup + j]) * value;
}

// The sums over `keys` keys of a chunk, the first of them in row `row` of the cache; the last may be the own one.
void sum_values(uint row, uint keys, bool with_own, uint column, out float sums[kHeads]) {
  for (uint h = 0u; h < kHeads; ++h) sums[h] = 0.0;
  const uint cached = with_own ? keys - 1u : keys;
  for (uint step = 0u; step < cached / kRowsAtOnce; ++step) {
    uint words[kRowsAtOnce];
    for (uint i = 0u; i < kRowsAtOnce; ++i) words[i] = value_word(row + i * p.n_kv_heads, column / kValues);
    for (uint i = 0u; i < kRowsAtOnce; ++i) add_value(words[i], column, kRowsAtOnce * step + i, sums);
    row += kRowsAtOnce * p.n_kv_heads;
  }
  for (uint j = cached / kRowsAtOnce * kRowsAtOnce; j < cached; ++j, row += p.n_kv_heads)
    add_value(value_word(row, column / kValues), column, j, sums);
  if (with_own) add_value(own_value[column / kValues], column, keys - 1u, sums);
}

// Keys first … end - 1; with_own: the last of them is the own one, of these scales of its key and of its value. Every
// invocation calls it.
void attend(uint first, uint end, uint kv_head, bool with_own, vec2 own_scales) {
  for (uint i = 0u; i < kHeads * kColumns; ++i) mix_of_values[i] = 0.0;
  for (uint h = 0u; h < kHeads; ++h) largest_score[h] = kBelowScores, sum_of_weights[h] = 0.0;
  for (uint chunk = first; chunk < end; chunk += kWorkgroup) {
    const uint key = chunk + gl_LocalInvocationIndex;
    const uint row = key * p.n_kv_heads + kv_head;
    const bool visible = key < end;
    const bool is_own = with_own && key + 1u == end;
    float scores[kHeads];
    for (uint h = 0u; h < kHeads; ++h) scores[h] = kBelowScores;
    if (is_own)
      scores_of_own(own_scales.x, scores);
    else if (visible)
      scores_of(row, scores);
    for (uint h = 0u; h < kHeads; ++h) publish(h, floatBitsToUint(scores[h]));
    grow_branches(kReduceMax, kHeads);
    float correction[kHeads];
    for (uint h = 0u; h < kHeads; ++h) {
      const float largest = max(largest_score[h], reduced_max(h));
      correction[h] = softmax_term(largest_score[h], largest);
      largest_score[h] = largest;
      scores[h] = visible ? softmax_term(scores[h], largest) : 0.0;  // by now the key's weight
      publish(h, floatBitsToUint(scores[h]));
    }
    grow_branches(kReduceSum, kHeads);
    for (uint h = 0u; h < kHeads; ++h) sum_of_weights[h] = sum_of_weights[h] * correction[h] + reduced_sum(h);
    if (kCacheDtype == TRITIUM_DTYPE_I8) {
      const float scale = is_own ? own_scales.y : visible ? v_scales[row] : 1.0;
      for (uint h = 0u; h < kHeads; ++h) publish(h, floatBitsToUint(scores[h] * scale));
      barrier();
    }
    const uint keys = min(kWorkgroup, end - chunk);
    for (uint i = 0u; i < kColumns; ++i) {
      const uint column = gl_LocalInvocationIndex + i * kWorkgroup;
      if (column >= kValueDim) continue;
      float added[kHeads];
      sum_values(chunk * p.n_kv_heads + kv_head, keys, with_own && chunk + keys == end, column, added);
      for (uint h = 0u; h < kHeads; ++h) {
        const uint at = h * kColumns + i;
        mix_of_values[at] = mix_of_values[at] * correction[h] + added[h];
      }
    }
    barrier();  // the weights have been read
  }
}

#endif
