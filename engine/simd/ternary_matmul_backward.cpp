#include <new>

#include "simd/simd_backend.h"

namespace tritium {

// dX = dY W with the trits of W decoded a strip at a time. Threads share out columns, not rows: several rows of dY may
// add to one of dX, always in ascending order of matrix and row.
Status SimdBackend::ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) try {
  const TernaryMatmulBackwardParams p = params_of(a);
  const int64_t n_blocks = ceil_div(p.out_features, simd::kBlockRows);
  input_gradient({.n_rows = p.n_rows,
                  .out_features = p.out_features,
                  .cols = p.cols,
                  .rows_per_x = p.rows_per_x,
                  .n_matrices = p.n_matrices,
                  .accumulate = p.accumulate != 0},
                 a.dy, a.expert_ids, a.dx, [&](int64_t matrix) -> simd::ProductOperand {
                   const int64_t block = matrix * n_blocks;
                   return {.kind = simd::OperandKind::trits,
                           .data = host_span<uint32_t>(a.weight.data).data() +
                                   block * simd::kBlockRows * p.padded_cols / simd::kChunkColumns,
                           .rows = nullptr,
                           .stride = p.padded_cols,
                           .dtype = 0,
                           .scales = host_span<float>(a.weight.scales).data() + block * p.n_groups * simd::kBlockRows,
                           .n_scales = p.n_groups,
                           .scale_columns = p.group_size};
                 });
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "ternary_matmul_backward: no memory to sort the rows by expert");
}

}  // namespace tritium
