// y = x W^T, float activations times packed trits.
#include "cpu/matrix_loops.h"

namespace tritium {

void CpuBackend::compute(const TernaryMatmulF32& a) {
  const TernaryMatmulF32Params p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  sort_rows(a);
  expanded_.reserve(layout.chunks * cpu::kBlockRows);
  const float* weight_scales = host_span<float>(a.weight.scales).data();
  const float* x = host_span<float>(a.x).data();
  float* y = host_span<float>(a.y).data();
  // Decoding a chunk of 32 rows and multiplying it are 512 steps each.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return layout.chunks * 16 * (1 + group.size()); };
  split_matrices(layout.blocks(), cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const cpu::Rows32::Place start = layout.first_of(group.matrix);
    const RowOrder::Group* next = order_.after(group);
    const ThreadMemory::Part expanded = expanded_.take();
    kernels_.ternary.ternary_matmul_f32({.layout = layout,
                                         .trits = trits_of(a.weight, group.matrix),
                                         .weight_scales = weight_scales + layout.scale(start, 0),
                                         .cols = p.cols,
                                         .group_chunks = p.group_size / cpu::kChunkColumns,
                                         .x = x,
                                         .x_rows = order_.x_rows() + group.first,
                                         .n_tokens = group.size(),
                                         .y_rows = order_.y_rows() + group.first,
                                         .y = y,
                                         .next_words = next ? trits_of(a.weight, next->matrix).words : nullptr,
                                         .expanded = expanded.words()},
                                        first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
}

}  // namespace tritium
