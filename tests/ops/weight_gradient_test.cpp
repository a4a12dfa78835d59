#include <gtest/gtest.h>

#include <memory>

#include "cpu_ref/reference_backend.h"
#include "ops/all.h"
#include "selftest/case_inputs.h"
#include "tests/ops/inner_product.h"

namespace tritium {

// y = W x is linear in W, so <dy, y> = <dW, W>.
TEST(WeightGradientReference, IsTheDerivativeOfTheForwardProduct) {
  const std::unique_ptr<Backend> backend = make_reference_backend();
  Ops ops(*backend);
  cases::CaseInputs in(ops, 5);
  constexpr int64_t kTokens = 4, kTopK = 2, kRows = 9, kCols = 24;
  const Weight weight = in.dense(3, kRows, kCols, DType::f32);
  const Tensor ids = in.ints({kTokens, kTopK}, {0, 1, 2, 0, 1, 1, 2, -1});
  const Tensor x = in.random({kTokens, kCols}), dy = in.random({kTokens * kTopK, kRows});
  const Tensor y = in.zeros({kTokens * kTopK, kRows}), dw = in.zeros({3, kRows, kCols});
  ops(DenseMatmul{.x = x, .weight = weight, .expert_ids = ids, .y = y});
  ops(WeightGradient{.x = x, .q = {}, .scales = {}, .dy = dy, .expert_ids = ids, .dw = dw});
  ASSERT_TRUE(ops.finish().ok());
  EXPECT_NEAR(inner_product(dy, y), inner_product(dw, weight.data), 1e-4);
}

}  // namespace tritium
