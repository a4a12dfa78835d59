#include <new>

#include "simd/simd_backend.h"

namespace tritium {

Status SimdBackend::dense_matmul(const DenseMatmulArgs& a) try {
  const DenseMatmulParams p = params_of(a);
  const int64_t bytes_per_matrix = int64_t{p.out_features} * p.row_stride * bits_of(a.weight.dtype) / 8;
  order_.sort(p.n_rows, p.rows_per_x, p.n_matrices, p.routed != 0, host_span<int32_t>(a.expert_ids));
  const std::byte* weight = host_span<std::byte>(a.weight.data).data();
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  // Blocks of 4 weight rows, the tile of the kernels.
  constexpr int64_t kRows = 4;
  const int64_t n_blocks = ceil_div(p.out_features, kRows);
  const auto cost_of_block = [&](const RowOrder::Group& group) { return p.cols / 8 * (1 + group.size()) + 1; };
  split_matrices(n_blocks, cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    kernels_.dense_matmul({.weight = weight + group.matrix * bytes_per_matrix,
                           .dtype = p.dtype,
                           .rows = p.out_features,
                           .cols = p.cols,
                           .row_stride = p.row_stride,
                           .x = x,
                           .x_rows = order_.x_rows() + group.first,
                           .n_tokens = group.size(),
                           .y_rows = order_.y_rows() + group.first,
                           .y = y},
                          first * kRows, std::min<int64_t>(last * kRows, p.out_features));
  });
  clear_rows_without_matrix(y, p.out_features);
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "dense_matmul: no memory to sort the rows by expert");
}

}  // namespace tritium
