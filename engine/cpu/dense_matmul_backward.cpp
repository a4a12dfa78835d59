#include <new>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const DenseMatmulBackward& a) try {
  const DenseMatmulBackwardParams p = a.params();
  const int64_t bytes_per_matrix = int64_t{p.out_features} * p.row_stride * bits_of(a.weight.dtype) / 8;
  input_gradient({.n_rows = p.n_rows,
                  .out_features = p.out_features,
                  .cols = p.cols,
                  .rows_per_x = p.rows_per_x,
                  .n_matrices = p.n_matrices,
                  .accumulate = p.accumulate != 0},
                 a.dy, a.expert_ids, a.dx, [&](int64_t matrix) -> cpu::ProductOperand {
                   return {.kind = a.weight.dtype == DType::f32 ? cpu::OperandKind::floats : cpu::OperandKind::halves,
                           .data = host_span<std::byte>(a.weight.data).data() + matrix * bytes_per_matrix,
                           .stride = p.row_stride,
                           .dtype = p.dtype};
                 });
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "dense_matmul_backward: no memory to sort the rows by expert");
}

}  // namespace tritium
