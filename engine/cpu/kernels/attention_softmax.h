// Softmax with a running maximum: a block's scores become weights, and two softmaxes become that of all their keys.
#pragma once

#include "cpu/kernels/attention_queries.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

// The scores of a block become exp(score - largest), those of keys that the query does not see 0.
template <typename V>
TRITIUM_INLINE void exponentials(Query& query, int64_t block) {
  float* p = query.p;
  const int64_t from = query.first > block ? query.first - block : 0;
  const int64_t end = query.last < block + kKeyBlock ? query.last - block + 1 : kKeyBlock;
  if (from >= end) {
    __builtin_memset(p, 0, sizeof(float) * kKeyBlock);
    query.factor = 1.0f;
    return;
  }
  for (int64_t j = 0; j < from; ++j) p[j] = -__builtin_inff();
  for (int64_t j = end; j < kKeyBlock; ++j) p[j] = -__builtin_inff();
  typename V::F tops = V::load(p);
  for (int64_t j = V::kLanes; j < kKeyBlock; j += V::kLanes) tops = V::max(V::load(p + j), tops);
  const float top = largest<V>(tops);
  const float now = top > query.span.largest ? top : query.span.largest;
  // Most blocks have no new largest score.
  query.factor = now == query.span.largest ? 1.0f : exp_below<V>(V::all(query.span.largest - now))[0];
  typename V::F sums = V::load(query.sums) * query.factor;
  TRITIUM_UNROLL
  for (int64_t j = 0; j < kKeyBlock; j += V::kLanes) {
    const auto e = exp_below<V>(V::load(p + j) - now);
    sums += e;
    V::store(p + j, e);
  }
  V::store(query.sums, sums);
  query.span.largest = now;
}

// all = all and a later span.
template <typename V>
void merge(Mixture& all, const Mixture& span, int64_t columns) {
  const float largest = span.largest > all.largest ? span.largest : all.largest;
  const typename V::F before = exp_below<V>(V::all(all.largest - largest));
  const typename V::F added = exp_below<V>(V::all(span.largest - largest));
  all.largest = largest;
  all.sum = all.sum * before[0] + span.sum * added[0];
  for (int64_t c = 0; c < columns; c += V::kLanes)
    V::store(all.mix + c, V::load(all.mix + c) * before + V::load(span.mix + c) * added);
}

}  // namespace
}  // namespace tritium::cpu
