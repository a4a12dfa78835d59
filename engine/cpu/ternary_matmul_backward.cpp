#include <new>

#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {

// dX = dY W with the trits of W decoded a strip at a time. Threads share out columns, not rows: several rows of dY may
// add to one of dX, always in ascending order of matrix and row.
Status CpuBackend::compute(const TernaryMatmulBackward& a) try {
  const TernaryMatmulBackwardParams p = a.params();
  const cpu::Rows32 layout = cpu::rows32_of(a.weight);
  input_gradient({.n_rows = p.n_rows,
                  .out_features = p.out_features,
                  .cols = p.cols,
                  .rows_per_x = p.rows_per_x,
                  .n_matrices = p.n_matrices,
                  .accumulate = p.accumulate != 0},
                 a.dy, a.expert_ids, a.dx, [&](int64_t matrix) -> cpu::ProductOperand {
                   const cpu::Rows32::Place start = layout.first_of(matrix);
                   return {.kind = cpu::OperandKind::trits,
                           .data = host_span<uint32_t>(a.weight.data).data() + layout.word(start, 0),
                           .layout = layout,
                           .scales = host_span<float>(a.weight.scales).data() + layout.scale(start, 0),
                           .scale_columns = p.group_size};
                 });
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "ternary_matmul_backward: no memory to sort the rows by expert");
}

}  // namespace tritium
