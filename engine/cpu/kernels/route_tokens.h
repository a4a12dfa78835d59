// weights = the k largest of softmax(logits). Experts are ranked by logit, as in cpu_ref: no rounding.
#pragma once

#include "cpu/isa/vector.h"
#include "cpu/kernels.h"
#include "cpu/kernels/elementwise.h"
#include "cpu/kernels/exp_single.h"

namespace tritium::cpu {
namespace {

// The k experts with the largest logits + bias, largest first, the lower index first among equals: insertion into a
// short list.
inline void choose_experts(const float* logits, const float* bias, int64_t n_experts, int64_t top_k, int32_t* ids) {
  const auto key = [=](int64_t e) { return bias ? logits[e] + bias[e] : logits[e]; };
  int64_t count = 0;
  for (int64_t e = 0; e < n_experts; ++e) {
    if (count == top_k && !(key(e) > key(ids[top_k - 1]))) continue;
    int64_t place = count < top_k ? count++ : top_k - 1;
    for (; place > 0 && key(e) > key(ids[place - 1]); --place) ids[place] = ids[place - 1];
    ids[place] = static_cast<int32_t>(e);
  }
}

template <typename V>
float sum_of_exp(const float* logits, int64_t n, float largest) {
  typename V::F sum = {};
  for_vectors<V>(
      0, n, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        sum += exp_up_to<V>(load_up_to<V>(logits + i, count) - largest, count);
      });
  return lane_sum<V>(sum);
}

template <typename V>
void route_tokens(const RouteTokensParams& p, Range tokens, const float* logits, const float* bias, int32_t* expert_ids,
                  float* weights) {
  const int64_t top_k = p.top_k;
  for (int64_t t = tokens.first; t < tokens.last; ++t) {
    const float* r = logits + t * p.n_experts;
    int32_t* ids = expert_ids + t * top_k;
    float* chosen = weights + t * top_k;
    choose_experts(r, bias, p.n_experts, top_k, ids);
    const float largest = bias ? largest_of<V>(r, p.n_experts) : r[ids[0]];
    for (int64_t s = 0; s < top_k; ++s) chosen[s] = r[ids[s]];
    const float sum =
        p.renormalize != 0 ? sum_of_exp<V>(chosen, top_k, largest) : sum_of_exp<V>(r, p.n_experts, largest);
    for_vectors<V>(
        0, top_k, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
          store_up_to<V>(chosen + i, exp_single<V>(load_up_to<V>(chosen + i, n) - largest) / sum * p.scale, n);
        });
  }
}

}  // namespace
}  // namespace tritium::cpu
