#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

namespace {

struct Route {
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

Route route(const std::vector<float>& logits, uint32_t k, bool renormalize, const std::vector<float>& bias = {}) {
  Route out{std::vector<int32_t>(k), std::vector<float>(k)};
  cpu_ref::route_tokens({.n_tokens = 1,
                         .n_experts = static_cast<uint32_t>(logits.size()),
                         .top_k = k,
                         .renormalize = renormalize ? 1u : 0u,
                         .biased = bias.empty() ? 0u : 1u,
                         .scale = 1.0f},
                        logits, bias, out.ids, out.weights);
  return out;
}

}  // namespace

TEST(RouteTokensReference, ChoosesTheLargestInOrder) {
  EXPECT_EQ(route({0.1f, 3.0f, -1.0f, 2.0f}, 3, true).ids, (std::vector<int32_t>{1, 3, 0}));
}

TEST(RouteTokensReference, TiesGoToTheLowestIndex) {
  EXPECT_EQ(route({1, 2, 2, 2}, 2, true).ids, (std::vector<int32_t>{1, 2}));
}

TEST(RouteTokensReference, RenormalisedWeightsSumToOne) {
  const Route out = route({1, 2, 3, 4}, 2, true);
  EXPECT_FLOAT_EQ(out.weights[0] + out.weights[1], 1.0f);
}

TEST(RouteTokensReference, OtherwiseWeightsAreProbabilitiesOverAllExperts) {
  const Route out = route({0, 0, 0, 0}, 2, false);
  EXPECT_FLOAT_EQ(out.weights[0], 0.25f);
  EXPECT_FLOAT_EQ(out.weights[1], 0.25f);
}

TEST(RouteTokensReference, ABiasChangesTheChoiceAndNoWeight) {
  const Route out = route({0, 1, 2, 3}, 2, false, {3.5f, 0, 0, 0});
  EXPECT_EQ(out.ids, (std::vector<int32_t>{0, 3}));
  const Route all = route({0, 1, 2, 3}, 4, false);
  EXPECT_EQ(out.weights, (std::vector<float>{all.weights[3], all.weights[0]}));
}

}  // namespace tritium
