// y = x W^T, float activations times the values of integers in blocks: for checks, and not tuned. A block of 256
// columns is decoded once for some rows of activations.
#include "cpu/matrix_loops.h"
#include "cpu/packed_rows.h"

namespace tritium {
namespace {

// Sums of lanes: the compiler's vectors, whatever they are.
float dot(const float* x, const float* values, int64_t n) {
  constexpr int64_t kLanes = 8;
  float lanes[kLanes] = {};
  int64_t c = 0;
  for (; c + kLanes <= n; c += kLanes)
    for (int64_t i = 0; i < kLanes; ++i) lanes[i] += x[c + i] * values[c + i];
  for (; c < n; ++c) lanes[0] += x[c] * values[c];
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

}  // namespace

void CpuBackend::compute(const PackedMatmulF32& a) {
  using cpu::PackedRows;
  constexpr int64_t kTokens = 8;
  const PackedMatmulF32Params p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  const PackedRows weight = {layout, p.dtype, host_span<uint32_t>(a.weight.data).data(),
                             host_span<uint32_t>(a.weight.scales).data()};
  sort_rows(a);
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  const int64_t cols = p.cols;
  const auto row_by_tokens = [&](cpu::Rows32::Place at, int64_t row, const RowOrder::Group& group, int64_t token) {
    const int64_t n = std::min(kTokens, group.size() - token);
    double sums[kTokens] = {};
    for (int64_t c = 0; c < cols; c += PackedRows::kColumns) {
      const auto values = weight.block(at, c / PackedRows::kColumns);
      for (int64_t t = 0; t < n; ++t)
        sums[t] += dot(x + order_.x_rows()[group.first + token + t] * cols + c, values.data(),
                       std::min(PackedRows::kColumns, cols - c));
    }
    for (int64_t t = 0; t < n; ++t)
      y[order_.y_rows()[group.first + token + t] * int64_t{p.out_features} + row] = static_cast<float>(sums[t]);
  };
  const auto cost_of_row = [&](const RowOrder::Group& group) { return cols * (1 + group.size()); };
  split_matrices(layout.rows, cost_of_row, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row)
      for (int64_t token = 0; token < group.size(); token += kTokens)
        row_by_tokens(layout.place_of(group.matrix * layout.rows + row), row, group, token);
  });
  clear_rows_without_matrix(y, p.out_features);
}

}  // namespace tritium
