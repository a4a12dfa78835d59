#include "cpu_ref/cpu_linear.h"

#include "base/format_text.h"
#include "ops/all.h"
#include "ops/weight_layout.h"

namespace tritium {

CpuLinear::CpuLinear(TernaryMatrix matrix) : matrix_(std::move(matrix)), scales_(kernel_scales(matrix_)) {}

Result<CpuLinear> CpuLinear::from_weight(std::span<const float> weight, int64_t out_features, int64_t in_features,
                                         ScaleGranularity granularity, int64_t group_size) {
  Result<TernaryMatrix> matrix =
      TernaryMatrix::from_weights(weight, 1, out_features, in_features, granularity, group_size);
  if (!matrix.ok()) return matrix.status();
  return CpuLinear(*std::move(matrix));
}

Result<CpuLinear> CpuLinear::from_ternary(TernaryMatrix matrix) {
  if (matrix.n_matrices() != 1)
    return error(StatusCode::invalid_argument, "CpuLinear holds one matrix, ", matrix.shape().text(), " is a stack of ",
                 matrix.n_matrices());
  return CpuLinear(std::move(matrix));
}

Result<std::vector<float>> CpuLinear::forward(std::span<const float> x, int64_t rows, InputPrecision precision) const {
  if (rows < 1 || static_cast<int64_t>(x.size()) != rows * in_features())
    return error(StatusCode::invalid_argument, "x has ", x.size(), " values, must have ", rows, " x ", in_features());
  const Weight layout = describe_weight(matrix_, "");
  const auto n = static_cast<uint32_t>(rows);
  const auto padded = static_cast<uint32_t>(matrix_.padded_cols());
  std::vector<float> y(static_cast<size_t>(rows * out_features()));
  if (precision == InputPrecision::f32) {
    cpu_ref::ternary_matmul_f32({.n_rows = n,
                                 .out_features = static_cast<uint32_t>(out_features()),
                                 .cols = static_cast<uint32_t>(in_features()),
                                 .padded_cols = padded,
                                 .group_size = static_cast<uint32_t>(layout.group_size),
                                 .n_groups = static_cast<uint32_t>(layout.groups_per_row()),
                                 .rows_per_x = 1,
                                 .n_matrices = 1,
                                 .routed = 0,
                                 .first_weight_row = 0,
                                 .n_weight_rows = static_cast<uint32_t>(out_features())},
                                x, matrix_.words(), scales_, {}, y);
    return y;
  }
  const uint32_t block = precision == InputPrecision::int8 ? padded : 256;
  const uint32_t n_blocks = padded / block;
  std::vector<int8_t> q(static_cast<size_t>(rows) * padded);
  std::vector<float> q_scales(static_cast<size_t>(rows) * n_blocks);
  cpu_ref::quantize_activations(
      {.n_rows = n, .cols = static_cast<uint32_t>(in_features()), .padded_cols = padded, .block = block}, x, q,
      q_scales);
  cpu_ref::ternary_matmul({.n_rows = n,
                           .out_features = static_cast<uint32_t>(out_features()),
                           .padded_cols = padded,
                           .group_size = static_cast<uint32_t>(layout.group_size),
                           .n_groups = static_cast<uint32_t>(layout.groups_per_row()),
                           .block = block,
                           .n_blocks = n_blocks,
                           .rows_per_x = 1,
                           .n_matrices = 1,
                           .routed = 0,
                           .first_weight_row = 0,
                           .n_weight_rows = static_cast<uint32_t>(out_features())},
                          q, q_scales, matrix_.words(), scales_, {}, y);
  return y;
}

}  // namespace tritium
