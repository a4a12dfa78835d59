#include <new>

#include "cpu/backend.h"

namespace tritium {

// dX = dY W with the trits of W decoded a strip at a time. Threads share out columns, not rows: several rows of dY may
// add to one of dX, always in ascending order of matrix and row.
Status CpuBackend::compute(const TernaryMatmulBackward& a) try {
  const TernaryMatmulBackwardParams p = a.params();
  const int64_t n_blocks = ceil_div(p.out_features, cpu::kBlockRows);
  input_gradient({.n_rows = p.n_rows,
                  .out_features = p.out_features,
                  .cols = p.cols,
                  .rows_per_x = p.rows_per_x,
                  .n_matrices = p.n_matrices,
                  .accumulate = p.accumulate != 0},
                 a.dy, a.expert_ids, a.dx, [&](int64_t matrix) -> cpu::ProductOperand {
                   const int64_t block = matrix * n_blocks;
                   return {.kind = cpu::OperandKind::trits,
                           .data = host_span<uint32_t>(a.weight.data).data() +
                                   block * cpu::kBlockRows * p.padded_cols / cpu::kChunkColumns,
                           .rows = nullptr,
                           .stride = p.padded_cols,
                           .dtype = 0,
                           .scales = host_span<float>(a.weight.scales).data() + block * p.n_groups * cpu::kBlockRows,
                           .n_scales = p.n_groups,
                           .scale_columns = p.group_size};
                 });
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "ternary_matmul_backward: no memory to sort the rows by expert");
}

}  // namespace tritium
