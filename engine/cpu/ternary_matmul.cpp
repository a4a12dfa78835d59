// y = x W^T, int8 activations times packed trits. Activations are packed for the kernels once, sorted by
// expert; then every thread takes a contiguous stretch of weight blocks and meets all rows of their expert.
#include "cpu/backend.h"

namespace tritium {
void CpuBackend::clear_rows_without_matrix(float* y, int64_t row_length) {
  for (const int32_t row : order_.rows_without_matrix()) std::fill_n(y + row * row_length, row_length, 0.0f);
}

cpu::TernaryActivations CpuBackend::pack_input(const TernaryMatmul& a) {
  const TernaryMatmulParams p = a.params();
  const int64_t chunks = p.padded_cols / cpu::kChunkColumns;
  const int64_t segment_chunks = std::min(p.group_size, p.block) / cpu::kChunkColumns;
  const int64_t row_bytes = chunks * kernels_.ternary.packed_chunk_bytes;
  const PackedInput input = {.q = host_span<int8_t>(a.q).data(),
                             .scales = host_span<float>(a.scales).data(),
                             .expert_ids = host_span<int32_t>(a.expert_ids).data(),
                             .n_rows = p.n_rows,
                             .rows_per_x = p.rows_per_x,
                             .n_matrices = p.n_matrices,
                             .used_chunks = is_base3(a.weight) ? chunks : ceil_div(a.weight.cols, cpu::kChunkColumns),
                             .segment_chunks = segment_chunks,
                             .n_blocks = p.n_blocks};
  const bool is_packed = packed_input_ == input;
  if (!is_packed) sort_rows(a);
  const cpu::TernaryActivations activations = {
      .q = host_span<int8_t>(a.q).data(),
      .scales = host_span<float>(a.scales).data(),
      .q_rows = order_.x_rows(),
      .chunks = chunks,
      .used_chunks = input.used_chunks,
      .segment_chunks = segment_chunks,
      .n_blocks = p.n_blocks,
      .packed = at_least(packed_, p.n_rows * row_bytes + cpu::kPackedSlack),
      .sums = at_least(packed_sums_, p.n_rows * (chunks / segment_chunks)),
      .packed_scales = at_least(packed_scales_, int64_t{p.n_rows} * p.n_blocks)};
  if (is_packed) return activations;

  packed_input_ = {};  // packing may be cancelled
  panels_.clear();
  for (const RowOrder::Group& group : order_.groups()) {
    const int64_t width = kernels_.ternary.panel_tokens(group.size(), segment_chunks);
    for (int64_t row = group.first; row < group.last; row += width)
      panels_.push_back({group.size(), row, std::min(row + width, group.last)});
  }
  const auto n_panels = static_cast<int64_t>(panels_.size());
  split(n_panels, p.n_rows * chunks / std::max<int64_t>(n_panels, 1), [&](int64_t first, int64_t last) noexcept {
    for (int64_t i = first; i < last; ++i) {
      const Panel& panel = panels_[static_cast<size_t>(i)];
      kernels_.ternary.pack_activations(activations, panel.of_rows, panel.first, panel.last);
    }
  });
  packed_input_ = input;
  return activations;
}

void CpuBackend::compute(const TernaryMatmul& a) {
  using cpu::kChunkColumns;
  const TernaryMatmulParams p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  const cpu::TernaryActivations activations = pack_input(a);
  const int64_t chunks = layout.chunks, segment_chunks = activations.segment_chunks;
  const int64_t n_segments = chunks / segment_chunks;
  const int64_t row_bytes = chunks * kernels_.ternary.packed_chunk_bytes;

  const float* all_scales = host_span<float>(a.weight.scales).data();
  const auto scales_of = [&](int64_t matrix) { return all_scales + layout.scale(layout.first_of(matrix), 0); };
  float* y = host_span<float>(a.y).data();
  // A chunk of 32 rows is 128 bytes, 4 ns from memory, and then 512 products for every token.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return chunks * (4 + group.size()); };
  split_matrices(layout.blocks(), cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const RowOrder::Group* next = order_.after(group);
    kernels_.ternary.ternary_matmul({.layout = layout,
                                     .trits = trits_of(a.weight, group.matrix),
                                     .weight_scales = scales_of(group.matrix),
                                     .used_chunks = activations.used_chunks,
                                     .segment_chunks = segment_chunks,
                                     .group_chunks = p.group_size / kChunkColumns,
                                     .block_chunks = p.block / kChunkColumns,
                                     .packed = activations.packed + group.first * row_bytes,
                                     .sums = activations.sums + group.first * n_segments,
                                     .packed_scales = activations.packed_scales + group.first * p.n_blocks,
                                     .n_tokens = group.size(),
                                     .y_rows = order_.y_rows() + group.first,
                                     .y = y,
                                     .next_words = next ? trits_of(a.weight, next->matrix).words : nullptr,
                                     .next_scales = next ? scales_of(next->matrix) : nullptr},
                                    first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
}

}  // namespace tritium
