// dW += dY^T X of each matrix, over the rows that use it. Threads share out columns of dW.
#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const WeightGradient& a) {
  const WeightGradientParams p = a.params();
  sort_rows(a);
  const float* dy = host_span<float>(a.dy).data();
  float* dw = host_span<float>(a.dw).data();
  const int64_t n_vectors = ceil_div(p.cols, kernels_.floats.lanes);
  const auto cost_of_vector = [&](const RowOrder::Group& group) { return product_cost(group.size(), p.out_features); };
  split_matrices(n_vectors, cost_of_vector, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const int32_t* x_rows = order_.x_rows() + group.first;
    const cpu::ProductOperand x = {
        .kind = p.quantized ? cpu::OperandKind::codes : cpu::OperandKind::floats,
        .data = p.quantized ? static_cast<const void*>(host_span<int8_t>(a.q).data()) : host_span<float>(a.x).data(),
        .rows = x_rows,
        .stride = p.quantized ? p.padded_cols : p.cols,
        .scales = host_span<float>(a.scales).data(),
        .n_scales = p.n_blocks,
        .scale_columns = p.block};
    kernels_.floats.float_product({.m = p.out_features,
                                   .n = p.cols,
                                   .depth = group.size(),
                                   .a = dy,
                                   .a_rows = order_.y_rows() + group.first,
                                   .a_stride = p.out_features,
                                   .a_by_column = true,
                                   .b = x,
                                   .c = dw + group.matrix * p.out_features * p.cols,
                                   .c_stride = p.cols,
                                   .accumulate = true},
                                  first, last);
  });
}

}  // namespace tritium
