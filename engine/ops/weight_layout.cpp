#include "ops/weight_layout.h"

#include <algorithm>

#include "base/checked_math.h"

namespace tritium {

namespace {

Weight describe_ternary(const Shape& shape, int64_t group_size, const std::string& name) {
  const int64_t padded = round_up(shape[2], TernaryMatrix::kRowAlign);
  Weight weight = {.dtype = DType::trit2,
                   .n_matrices = shape[0],
                   .rows = shape[1],
                   .cols = shape[2],
                   .row_stride = padded,
                   .group_size = group_size < shape[2] ? group_size : padded,
                   .name = name,
                   .data = {},
                   .scales = {}};
  weight.data = {nullptr, {weight.n_matrices, weight.rows, weight.row_stride}, DType::trit2};
  weight.scales = {nullptr, {weight.n_matrices, weight.rows, weight.groups_per_row()}, DType::f32};
  return weight;
}

Weight describe_dense(const Shape& shape, DType dtype, const std::string& name) {
  constexpr int64_t kRowAlign = 8;  // elements: rows start on 16 bytes in every dense type
  const int64_t stride = round_up(shape[2], is_packed(dtype) ? TernaryMatrix::kRowAlign : kRowAlign);
  Weight weight = {.dtype = dtype,
                   .n_matrices = shape[0],
                   .rows = shape[1],
                   .cols = shape[2],
                   .row_stride = stride,
                   .group_size = 0,
                   .name = name,
                   .data = {nullptr, {shape[0], shape[1], stride}, dtype},
                   .scales = {}};
  if (weight.packed()) {
    const PackedRow row = packed_row(dtype, stride);
    weight.data = {nullptr, {shape[0], shape[1], row.words}, DType::i32};
    weight.scales = {nullptr, {shape[0], shape[1], row.scale_words}, DType::i32};
  }
  return weight;
}

bool alike(std::span<const float> scales) {
  return std::ranges::all_of(scales, [&](float s) { return s == scales[0]; });
}

}  // namespace

Weight describe_weight(const TernaryRows& rows, const std::string& name) {
  return describe_ternary(rows.shape(), rows.group_size(), name);
}

Weight describe_weight(const DenseRows& rows, const std::string& name) {
  return describe_dense(rows.shape(), rows.dtype(), name);
}

Weight describe_weight(const TernaryMatrix& matrix, const std::string& name) {
  return describe_ternary(matrix.shape(), matrix.group_size(), name);
}

Weight describe_weight(const DenseMatrix& matrix, const std::string& name) {
  return describe_dense(matrix.shape(), matrix.dtype, name);
}

std::vector<float> settle_scales(Weight& weight, const TernaryRows& rows, std::span<const float> stored) {
  const auto n_rows = static_cast<size_t>(rows.n_rows()), groups = static_cast<size_t>(rows.groups_per_row());
  bool one_each = groups == 1 || rows.groups_may_merge();
  for (size_t row = 0; one_each && row < n_rows; ++row) one_each = alike(stored.subspan(row * groups, groups));
  weight.group_size = one_each ? weight.row_stride : rows.group_size();
  const auto kept = static_cast<size_t>(weight.groups_per_row());
  weight.scales.shape = {weight.n_matrices, weight.rows, weight.groups_per_row()};
  std::vector<float> scales(n_rows * kept);  // of groups of padding alone: 0
  for (size_t row = 0; row < n_rows; ++row)
    std::ranges::copy(stored.subspan(row * groups, one_each ? 1 : groups),
                      scales.begin() + static_cast<std::ptrdiff_t>(row * kept));
  return scales;
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
