#include <new>

#include "cpu/backend.h"

namespace tritium {

namespace {
// From so many rows on, transposing the weights for a tiled product costs less than it saves.
constexpr int64_t kRowsWorthPacking = 8;
}  // namespace

Status CpuBackend::compute(const DenseMatmul& a) try {
  const DenseMatmulParams p = a.params();
  const int64_t bytes_per_matrix = int64_t{p.out_features} * p.row_stride * bits_of(a.weight.dtype) / 8;
  order_.sort(p.n_rows, p.rows_per_x, p.n_matrices, p.routed != 0, host_span<int32_t>(a.expert_ids));
  const std::byte* weight = host_span<std::byte>(a.weight.data).data();
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  if (a.single_precision && p.n_rows >= kRowsWorthPacking) {
    const bool floats = a.weight.dtype == DType::f32;
    const int64_t n_vectors = ceil_div(int64_t{p.out_features}, int64_t{kernels_.floats.lanes});
    const auto cost_of_vector = [&](const RowOrder::Group& group) { return product_cost(group.size(), p.cols); };
    split_matrices(n_vectors, cost_of_vector, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
      using cpu::OperandKind;
      kernels_.floats.float_product(
          {.m = group.size(),
           .n = p.out_features,
           .depth = p.cols,
           .a = x,
           .a_rows = order_.x_rows() + group.first,
           .a_stride = p.cols,
           .a_by_column = false,
           .b = {.kind = floats ? OperandKind::transposed_floats : OperandKind::transposed_halves,
                 .data = weight + group.matrix * bytes_per_matrix,
                 .stride = p.row_stride,
                 .dtype = p.dtype},
           .c = y,
           .c_rows = order_.y_rows() + group.first,
           .c_stride = p.out_features,
           .accumulate = false},
          first, last);
    });
    clear_rows_without_matrix(y, p.out_features);
    return Status();
  }
  // Blocks of 4 weight rows, the tile of the kernels.
  constexpr int64_t kRows = 4;
  const int64_t n_blocks = ceil_div(p.out_features, kRows);
  const auto cost_of_block = [&](const RowOrder::Group& group) { return p.cols / 8 * (1 + group.size()) + 1; };
  split_matrices(n_blocks, cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    kernels_.floats.dense_matmul({.weight = weight + group.matrix * bytes_per_matrix,
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
