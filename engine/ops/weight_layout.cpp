#include "ops/weight_layout.h"

#include <algorithm>

#include "base/checked_math.h"

namespace tritium {

Weight describe_weight(const TernaryMatrix& matrix, const std::string& name) {
  const bool grouped = matrix.granularity() == ScaleGranularity::group;
  Weight weight = {.dtype = DType::trit2,
                   .n_matrices = matrix.n_matrices(),
                   .rows = matrix.rows(),
                   .cols = matrix.cols(),
                   .row_stride = matrix.padded_cols(),
                   .group_size = grouped ? matrix.group_size() : matrix.padded_cols(),
                   .name = name,
                   .data = {},
                   .scales = {}};
  weight.data = {nullptr, {weight.n_matrices, weight.rows, weight.row_stride}, DType::trit2};
  weight.scales = {nullptr, {weight.n_matrices, weight.rows, weight.groups_per_row()}, DType::f32};
  return weight;
}

Weight describe_weight(const DenseMatrix& matrix, const std::string& name) {
  constexpr int64_t kRowAlign = 8;  // elements: rows start on 16 bytes in every dense type
  const int64_t stride = round_up(matrix.cols, kRowAlign);
  return {.dtype = matrix.dtype,
          .n_matrices = matrix.n_matrices,
          .rows = matrix.rows,
          .cols = matrix.cols,
          .row_stride = stride,
          .group_size = 0,
          .name = name,
          .data = {nullptr, {matrix.n_matrices, matrix.rows, stride}, matrix.dtype},
          .scales = {}};
}

std::vector<float> kernel_scales(const TernaryMatrix& matrix) {
  const Weight weight = describe_weight(matrix, "");
  const int64_t groups = weight.groups_per_row();
  std::vector<float> scales;
  scales.reserve(static_cast<size_t>(matrix.n_matrices() * matrix.rows() * groups));
  for (int64_t m = 0; m < matrix.n_matrices(); ++m)
    for (int64_t row = 0; row < matrix.rows(); ++row)
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t col = g * weight.group_size;
        scales.push_back(col < matrix.cols() ? matrix.scale(m, row, col) : 0.0f);
      }
  return scales;
}

TernaryMatrix matrix_of(const Weight& weight, std::span<const uint32_t> words, std::span<const float> scales) {
  const int64_t groups = weight.groups_per_row();
  const bool grouped = weight.group_size < weight.row_stride;
  TernaryMatrix matrix(weight.n_matrices, weight.rows, weight.cols,
                       grouped ? ScaleGranularity::group : ScaleGranularity::row, grouped ? weight.group_size : 0);
  std::ranges::copy(words, matrix.words().begin());
  const int64_t kept = matrix.groups_per_row();  // groups of padding alone have no scale in a TernaryMatrix
  for (int64_t row = 0; row < weight.n_matrices * weight.rows; ++row)
    for (int64_t g = 0; g < kept; ++g)
      matrix.scales()[static_cast<size_t>(row * kept + g)] = scales[static_cast<size_t>(row * groups + g)];
  return matrix;
}

}  // namespace tritium
