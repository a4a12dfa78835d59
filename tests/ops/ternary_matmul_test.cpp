#include <gtest/gtest.h>

#include <vector>

#include "ops/all.h"
#include "ops/weight_layout.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

namespace {

// y of one row of activations 1, 2, 3, … (scale 1 for each block) with a 1-row matrix of all +1.
float sum_with(const TernaryMatrix& matrix, uint32_t block) {
  const Weight layout = describe_weight(matrix, "");
  const auto padded = static_cast<uint32_t>(matrix.padded_cols());
  std::vector<int8_t> q(padded, 0);
  for (int64_t c = 0; c < matrix.cols(); ++c) q[static_cast<size_t>(c)] = static_cast<int8_t>(c % 100);
  const std::vector<float> ones(padded / block, 1.0f), scales = kernel_scales(matrix);
  std::vector<float> y(1);
  cpu_ref::ternary_matmul({.n_rows = 1,
                           .out_features = 1,
                           .padded_cols = padded,
                           .group_size = static_cast<uint32_t>(layout.group_size),
                           .n_groups = static_cast<uint32_t>(layout.groups_per_row()),
                           .block = block,
                           .n_blocks = padded / block,
                           .rows_per_x = 1,
                           .n_matrices = 1,
                           .routed = 0,
                           .first_weight_row = 0,
                           .n_weight_rows = 1},
                          q, ones, matrix.words(), scales, {}, y);
  return y[0];
}

TernaryMatrix all_plus(int64_t cols, ScaleGranularity granularity, int64_t group) {
  TernaryMatrix matrix(1, 1, cols, granularity, group);
  for (int64_t c = 0; c < cols; ++c) matrix.set_trit(0, 0, c, 1);
  for (float& s : matrix.scales()) s = 1.0f;
  return matrix;
}

}  // namespace

TEST(TernaryMatmulReference, SumsOverEveryColumnWhateverTheGroups) {
  for (int64_t cols : {1, 17, 64, 172, 257, 600}) {
    float expected = 0;
    for (int64_t c = 0; c < cols; ++c) expected += static_cast<float>(c % 100);
    for (uint32_t block : {256u, static_cast<uint32_t>((cols + 255) / 256 * 256)}) {
      EXPECT_EQ(sum_with(all_plus(cols, ScaleGranularity::row, 0), block), expected) << cols;
      EXPECT_EQ(sum_with(all_plus(cols, ScaleGranularity::group, 64), block), expected) << cols;
      EXPECT_EQ(sum_with(all_plus(cols, ScaleGranularity::group, 256), block), expected) << cols;
    }
  }
}

TEST(TernaryMatmulReference, AGroupScaleAppliesToItsColumnsOnly) {
  TernaryMatrix matrix = all_plus(128, ScaleGranularity::group, 64);
  matrix.scales()[1] = 1000.0f;
  float expected = 0;
  for (int c = 0; c < 128; ++c) expected += static_cast<float>(c % 100) * (c < 64 ? 1.0f : 1000.0f);
  EXPECT_EQ(sum_with(matrix, 256), expected);
}

}  // namespace tritium
