// y = x W^T with dense weights, and dx = dy W. Threads share out tiles of y, or weight rows; columns of dx where
// several rows of dy add to one of dx, always in ascending order of matrix and row.
#include "cpu/matrix_loops.h"

namespace tritium {
namespace {

// From so many rows on, transposing the weights for a tiled product costs less than it saves.
constexpr int64_t kRowsWorthPacking = 8;

int64_t bytes_of_matrix(const Weight& w) { return w.rows * w.row_stride * bits_of(w.dtype) / 8; }

}  // namespace

void CpuBackend::compute(const DenseMatmul& a) {
  const DenseMatmulParams p = a.params();
  sort_rows(a);
  const std::byte* weight = host_span<std::byte>(a.weight.data).data();
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  if (a.single_precision && p.n_rows >= kRowsWorthPacking) {
    using cpu::OperandKind;
    const bool floats = a.weight.dtype == DType::f32;
    split_tiles(
        vectors_of(0, p.out_features), [](const RowOrder::Group& group) { return group.size(); },
        [&](const RowOrder::Group&) { return int64_t{p.cols}; },
        [&](const RowOrder::Group& group, const Tile& tile) {
          const cpu::FloatProduct whole = {
              .m = group.size(),
              .n = p.out_features,
              .depth = p.cols,
              .a = x,
              .a_rows = order_.x_rows() + group.first,
              .a_stride = p.cols,
              .b = {.kind = floats ? OperandKind::transposed_floats : OperandKind::transposed_halves,
                    .data = weight + group.matrix * bytes_of_matrix(a.weight),
                    .stride = p.row_stride,
                    .dtype = p.dtype},
              .c = y,
              .c_rows = order_.y_rows() + group.first,
              .c_stride = p.out_features};
          kernels_.floats.float_product(of_rows(whole, tile.first_row, tile.last_row), tile.first, tile.last);
        });
    return clear_rows_without_matrix(y, p.out_features);
  }
  // Blocks of 4 weight rows, the tile of the kernels.
  constexpr int64_t kRows = 4;
  const auto cost_of_block = [&](const RowOrder::Group& group) { return p.cols / 8 * (1 + group.size()) + 1; };
  split_matrices(ceil_div(p.out_features, kRows), cost_of_block,
                 [&](const RowOrder::Group& group, int64_t first, int64_t last) {
                   kernels_.floats.dense_matmul({.weight = weight + group.matrix * bytes_of_matrix(a.weight),
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
}

void CpuBackend::compute(const DenseMatmulBackward& a) {
  const Weight& w = a.weight;
  const std::byte* values = host_span<std::byte>(w.data).data();
  input_gradient(a, [&](int64_t matrix) -> cpu::ProductOperand {
    return {.kind = w.dtype == DType::f32 ? cpu::OperandKind::floats : cpu::OperandKind::halves,
            .data = values + matrix * bytes_of_matrix(w),
            .stride = w.row_stride,
            .dtype = static_cast<uint32_t>(w.dtype)};
  });
}

}  // namespace tritium
