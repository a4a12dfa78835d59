#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/all.h"
#include "tests/ops/finite_difference.h"

namespace tritium {

// The router's loss with the chosen experts and the load held fixed, as the definition asks.
TEST(RouteTokensBackwardReference, IsTheDerivativeWithTheChoiceHeldFixed) {
  constexpr uint32_t kTokens = 3, kExperts = 5, kTopK = 2;
  const auto logits = random_floats(kTokens * kExperts, 1), dweights = random_floats(kTokens * kTopK, 2);
  const std::vector<int32_t> ids = {1, 4, 0, 2, 3, 1};
  const std::vector<float> load = {0.1f, 0.3f, 0.2f, 0.25f, 0.15f};
  for (bool renormalize : {true, false}) {
    std::vector<float> dlogits(logits.size());
    cpu_ref::route_tokens_backward({.n_tokens = kTokens,
                                    .n_experts = kExperts,
                                    .top_k = kTopK,
                                    .renormalize = renormalize ? 1u : 0u,
                                    .scale = 1.5f,
                                    .balance = 0.5f / kTokens,
                                    .z_loss = 0.25f / kTokens},
                                   logits, ids, dweights, load, dlogits);
    const auto loss = [&](const Doubles& r) {
      double sum = 0;
      for (size_t t = 0; t < kTokens; ++t) {
        double total = 0, chosen = 0;
        for (size_t e = 0; e < kExperts; ++e) total += std::exp(r[t * kExperts + e]);
        const auto p = [&](size_t e) { return std::exp(r[t * kExperts + e]) / total; };
        for (size_t s = 0; s < kTopK; ++s) chosen += p(static_cast<size_t>(ids[t * kTopK + s]));
        for (size_t s = 0; s < kTopK; ++s)
          sum +=
              dweights[t * kTopK + s] * 1.5 * p(static_cast<size_t>(ids[t * kTopK + s])) / (renormalize ? chosen : 1);
        for (size_t e = 0; e < kExperts; ++e) sum += 0.5 * kExperts * load[e] * p(e) / kTokens;
        sum += 0.25 * std::log(total) * std::log(total) / kTokens;
      }
      return sum;
    };
    expect_gradient(dlogits, loss, logits);
  }
}

}  // namespace tritium
