#include "tests/ops/composed.h"

namespace tritium {
namespace {

class ExpertGateUpReference : public ComposedTest {
 protected:
  // Three experts of one row each: gate picks column 0, 1, 2, up the next one.
  ExpertGateUp op(int64_t k) {
    const Tensor q = zeros({1, 256}, DType::i8);
    std::vector<int8_t> codes(256);
    codes[0] = 10, codes[1] = 20, codes[2] = 30, codes[3] = 40;
    EXPECT_TRUE(backend_->upload(q, std::as_bytes(std::span(codes))).ok());
    return {.q = q,
            .scales = floats({1, 1}, {0.5f}),
            .logits = floats({1, 3}, {1, 3, 2}),
            .gate_weight = picking(3, 1, 4, {0, 1, 2}),
            .up_weight = picking(3, 1, 4, {1, 2, 3}),
            .expert_ids = zeros({1, k}, DType::i32),
            .weights = zeros({1, k}),
            .gate = zeros({k, 1}),
            .up = zeros({k, 1})};
  }
};

TEST_F(ExpertGateUpReference, MultipliesByTheChosenExpertsInOrder) {
  const ExpertGateUp best = op(2);
  ASSERT_TRUE(run(best).ok());
  EXPECT_EQ(values<int32_t>(best.expert_ids), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(values(best.gate), (std::vector<float>{10, 15}));
  EXPECT_EQ(values(best.up), (std::vector<float>{15, 20}));
  EXPECT_NEAR(values(best.weights)[0] / values(best.weights)[1], std::exp(1.0), 1e-5);
}

TEST_F(ExpertGateUpReference, ABiasChangesTheChoiceAlone) {
  ExpertGateUp biased = op(1);
  biased.bias = floats({3}, {5, 0, 0});
  ASSERT_TRUE(run(biased).ok());
  EXPECT_EQ(values<int32_t>(biased.expert_ids), (std::vector<int32_t>{0}));
  EXPECT_EQ(values(biased.gate), (std::vector<float>{5}));
}

TEST_F(ExpertGateUpReference, RefusesAMatrixForLessThanEachExpert) {
  ExpertGateUp fewer = op(1);
  fewer.up_weight = picking(2, 1, 4, {0, 1});
  EXPECT_EQ(run(fewer).message(), "expert_gate_up: there must be a matrix for each expert");
}

}  // namespace
}  // namespace tritium
