#include <gtest/gtest.h>

#include <memory>

#include "cpu_ref/reference_backend.h"
#include "ops/all.h"
#include "selftest/case_inputs.h"
#include "tests/ops/inner_product.h"

namespace tritium {

// <dy, W x> = <W^T dy, x> for every x: W^T is what the forward product says it is.
TEST(DenseMatmulBackwardReference, IsTheAdjointOfTheForwardProduct) {
  const std::unique_ptr<Backend> backend = make_reference_backend();
  Ops ops(*backend);
  cases::CaseInputs in(ops, 5);
  constexpr int64_t kTokens = 4, kTopK = 2, kRows = 9, kCols = 21;
  const Weight weight = in.dense(3, kRows, kCols, DType::f32);
  const Tensor ids = in.ints({kTokens, kTopK}, {0, 1, 2, 0, 1, 1, 2, -1});
  const Tensor x = in.random({kTokens, kCols}), dy = in.random({kTokens * kTopK, kRows});
  const Tensor y = in.zeros({kTokens * kTopK, kRows}), dx = in.zeros({kTokens, kCols});
  ops(DenseMatmul{.x = x, .weight = weight, .expert_ids = ids, .y = y});
  ops(DenseMatmulBackward{.dy = dy, .weight = weight, .expert_ids = ids, .dx = dx});
  ASSERT_TRUE(ops.finish().ok());
  EXPECT_NEAR(inner_product(dy, y), inner_product(dx, x), 1e-4);
}

}  // namespace tritium
