#include <new>

#include "cpu/backend.h"

namespace tritium {

Status CpuBackend::compute(const TernaryMatmulF32& a) try {
  using cpu::kBlockRows;
  using cpu::kChunkColumns;
  const TernaryMatmulF32Params p = a.params();
  const int64_t chunks = p.padded_cols / kChunkColumns;
  const int64_t n_blocks = ceil_div(p.out_features, kBlockRows);
  order_.sort(p.n_rows, p.rows_per_x, p.n_matrices, p.routed != 0, host_span<int32_t>(a.expert_ids));
  const uint32_t* words = host_span<uint32_t>(a.weight.data).data();
  const float* weight_scales = host_span<float>(a.weight.scales).data();
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  // Decoding a chunk of 32 rows and multiplying it are 512 steps each.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return chunks * 16 * (1 + group.size()); };
  split_matrices(n_blocks, cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const int64_t first_block = group.matrix * n_blocks;
    kernels_.ternary_matmul_f32({.words = words + first_block * chunks * kBlockRows,
                                 .weight_scales = weight_scales + first_block * p.n_groups * kBlockRows,
                                 .rows = p.out_features,
                                 .cols = p.cols,
                                 .chunks = chunks,
                                 .group_chunks = p.group_size / kChunkColumns,
                                 .x = x,
                                 .x_rows = order_.x_rows() + group.first,
                                 .n_tokens = group.size(),
                                 .y_rows = order_.y_rows() + group.first,
                                 .y = y},
                                first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "ternary_matmul_f32: no memory to sort the rows by expert");
}

}  // namespace tritium
