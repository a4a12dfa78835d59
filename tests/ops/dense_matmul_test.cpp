#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"

namespace tritium {

TEST(DenseMatmulReference, RowsOfTheWeightAreOutputs) {
  const std::vector<float> x = {1, 2}, weight = {1, 0, /**/ 0, 1, /**/ 3, -1};
  std::vector<float> y(3);
  cpu_ref::dense_matmul({.n_rows = 1,
                         .out_features = 3,
                         .cols = 2,
                         .row_stride = 2,
                         .dtype = TRITIUM_DTYPE_F32,
                         .rows_per_x = 1,
                         .n_matrices = 1,
                         .routed = 0,
                         .first_weight_row = 0,
                         .n_weight_rows = 3},
                        x, std::as_bytes(std::span(weight)), {}, y);
  EXPECT_EQ(y, (std::vector<float>{1, 2, 1}));
}

TEST(DenseMatmulReference, ExpertIdsChooseTheMatrix) {
  const std::vector<float> x = {2}, weight = {1, 10, 100};
  const std::vector<int32_t> ids = {2, 0};
  std::vector<float> y(2);
  cpu_ref::dense_matmul({.n_rows = 2,
                         .out_features = 1,
                         .cols = 1,
                         .row_stride = 1,
                         .dtype = TRITIUM_DTYPE_F32,
                         .rows_per_x = 2,
                         .n_matrices = 3,
                         .routed = 1,
                         .first_weight_row = 0,
                         .n_weight_rows = 3},
                        x, std::as_bytes(std::span(weight)), ids, y);
  EXPECT_EQ(y, (std::vector<float>{200, 2}));
}

}  // namespace tritium
