#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

TEST(AttentionBackwardReference, IsTheDerivativeOfAttention) {
  constexpr size_t kSequences = 2, kLength = 4, kHeads = 4, kKvHeads = 2, kKey = 3, kValue = 2, kWindow = 3;
  constexpr size_t kTokens = kSequences * kLength;
  const auto q = random_floats(kTokens * kHeads * kKey, 1), k = random_floats(kTokens * kKvHeads * kKey, 2);
  const auto v = random_floats(kTokens * kKvHeads * kValue, 3), dy = random_floats(kTokens * kHeads * kValue, 4);
  std::vector<float> dq(q.size()), dk(k.size()), dv(v.size());
  cpu_ref::attention_backward({.n_sequences = kSequences,
                               .sequence_length = kLength,
                               .n_heads = kHeads,
                               .n_kv_heads = kKvHeads,
                               .key_dim = kKey,
                               .value_dim = kValue,
                               .window = kWindow,
                               .scale = 0.5f},
                              q, k, v, dy, dq, dk, dv);
  const auto loss = [&](const Doubles& qs, const Doubles& ks, const Doubles& vs) {
    double sum = 0;
    for (size_t t = 0; t < kTokens; ++t)
      for (size_t h = 0; h < kHeads; ++h) {
        double total = 0, mixed = 0;
        for (size_t j = t / kLength * kLength; j <= t; ++j) {
          if (t - j >= kWindow) continue;
          const size_t kv = j * kKvHeads + h / (kHeads / kKvHeads);
          double score = 0, value = 0;
          for (size_t d = 0; d < kKey; ++d) score += 0.5 * qs[(t * kHeads + h) * kKey + d] * ks[kv * kKey + d];
          for (size_t d = 0; d < kValue; ++d) value += dy[(t * kHeads + h) * kValue + d] * vs[kv * kValue + d];
          total += std::exp(score);
          mixed += std::exp(score) * value;
        }
        sum += mixed / total;
      }
    return sum;
  };
  const Doubles q0(q.begin(), q.end()), k0(k.begin(), k.end()), v0(v.begin(), v.end());
  expect_gradient(
      dq, [&](const Doubles& x) { return loss(x, k0, v0); }, q);
  expect_gradient(
      dk, [&](const Doubles& x) { return loss(q0, x, v0); }, k);
  expect_gradient(
      dv, [&](const Doubles& x) { return loss(q0, k0, x); }, v);
}

}  // namespace tritium
