// y = x W^T, int8 activations times integers in blocks. Activations are packed for the kernels once, sorted by expert;
// then every thread takes a contiguous stretch of weight blocks and meets all rows of their expert.
#include "cpu/matrix_loops.h"
#include "shaders/lib/packed.h"

namespace tritium {

void CpuBackend::compute(const PackedMatmul& a) {
  const PackedMatmulParams p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  sort_rows(a);
  const int64_t blocks = p.padded_cols / TRITIUM_PACKED_COLUMNS;
  const int64_t row_starts = blocks * cpu::kPackedStarts;
  const cpu::PackedActivations activations = {
      .dtype = p.dtype,
      .q = host_span<int8_t>(a.q).data(),
      .scales = host_span<float>(a.scales).data(),
      .q_rows = order_.x_rows(),
      .blocks = blocks,
      .n_blocks = p.n_blocks,
      .packed = at_least(packed_, int64_t{p.n_rows} * p.padded_cols),
      .starts = at_least(packed_sums_, p.n_rows * row_starts),
      .packed_scales = at_least(packed_scales_, int64_t{p.n_rows} * p.n_blocks)};
  pack_panels(
      p.n_rows * blocks * 128, [&](int64_t) { return kernels_.packed.panel_tokens; },
      [&](const Panel& panel) { kernels_.packed.pack_activations(activations, panel.first, panel.last); });

  const uint32_t* words = host_span<uint32_t>(a.weight.data).data();
  const uint32_t* weight_scales = host_span<uint32_t>(a.weight.scales).data();
  float* y = host_span<float>(a.y).data();
  // A word of 32 rows is 128 bytes, 8 ns from memory, and about 128 products for every token.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return layout.chunks * (8 + 2 * group.size()); };
  split_matrices(layout.blocks(), cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const cpu::Rows32::Place start = layout.first_of(group.matrix);
    kernels_.packed.packed_matmul({.layout = layout,
                                   .dtype = p.dtype,
                                   .words = words + layout.word(start, 0),
                                   .weight_scales = weight_scales + layout.scale(start, 0),
                                   .packed = activations.packed + group.first * p.padded_cols,
                                   .starts = activations.starts + group.first * row_starts,
                                   .packed_scales = activations.packed_scales + group.first * p.n_blocks,
                                   .n_blocks = p.n_blocks,
                                   .n_tokens = group.size(),
                                   .y_rows = order_.y_rows() + group.first,
                                   .y = y},
                                  first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
}

}  // namespace tritium
