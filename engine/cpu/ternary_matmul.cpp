// Int8 activations times packed trits: activations are packed for the kernels once, sorted by expert; then
// every thread takes a contiguous stretch of weight blocks and meets all rows of their expert.
#include <new>

#include "cpu/backend.h"
#include "cpu/layout/pack_rows32.h"

namespace tritium {
namespace {

template <typename T>
T* at_least(std::vector<T>& memory, int64_t size) {
  if (memory.size() < static_cast<size_t>(size)) memory.resize(static_cast<size_t>(size));
  return memory.data();
}

}  // namespace

void CpuBackend::clear_rows_without_matrix(float* y, int64_t row_length) {
  for (const int32_t row : order_.rows_without_matrix()) std::fill_n(y + row * row_length, row_length, 0.0f);
}

Status CpuBackend::compute(const TernaryMatmul& a) try {
  using cpu::kChunkColumns;
  const TernaryMatmulParams p = a.params();
  const cpu::Rows32 layout = cpu::rows32_of(a.weight);
  const int64_t chunks = layout.chunks;
  const int64_t segment_chunks = std::min(p.group_size, p.block) / kChunkColumns;
  const int64_t n_segments = chunks / segment_chunks;
  const int64_t row_bytes = chunks * kernels_.ternary.packed_chunk_bytes;
  order_.sort(p.n_rows, p.rows_per_x, p.n_matrices, p.routed != 0, host_span<int32_t>(a.expert_ids));

  const cpu::TernaryActivations activations = {
      .q = host_span<int8_t>(a.q).data(),
      .scales = host_span<float>(a.scales).data(),
      .q_rows = order_.x_rows(),
      .chunks = chunks,
      .segment_chunks = segment_chunks,
      .n_blocks = p.n_blocks,
      .packed = at_least(packed_, p.n_rows * row_bytes),
      .sums = at_least(packed_sums_, p.n_rows * n_segments),
      .packed_scales = at_least(packed_scales_, int64_t{p.n_rows} * p.n_blocks)};
  panels_.clear();
  for (const RowOrder::Group& group : order_.groups())
    for (int64_t row = group.first; row < group.last; row += kernels_.ternary.panel_tokens)
      panels_.emplace_back(row, std::min(row + kernels_.ternary.panel_tokens, group.last));
  split(static_cast<int64_t>(panels_.size()), kernels_.ternary.panel_tokens * chunks,
        [&](int64_t first, int64_t last) noexcept {
          for (int64_t i = first; i < last; ++i) {
            const auto [from, to] = panels_[static_cast<size_t>(i)];
            kernels_.ternary.pack_activations(activations, from, to);
          }
        });

  const uint32_t* words = host_span<uint32_t>(a.weight.data).data();
  const float* weight_scales = host_span<float>(a.weight.scales).data();
  float* y = host_span<float>(a.y).data();
  // A chunk of 32 rows is 128 bytes, 4 ns from memory, and then 512 products for every token.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return chunks * (4 + group.size()); };
  split_matrices(layout.blocks(), cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const cpu::Rows32::Place start = layout.first_of(group.matrix);
    kernels_.ternary.ternary_matmul({.layout = layout,
                                     .words = words + layout.word(start, 0),
                                     .weight_scales = weight_scales + layout.scale(start, 0),
                                     .segment_chunks = segment_chunks,
                                     .group_chunks = p.group_size / kChunkColumns,
                                     .block_chunks = p.block / kChunkColumns,
                                     .packed = activations.packed + group.first * row_bytes,
                                     .sums = activations.sums + group.first * n_segments,
                                     .packed_scales = activations.packed_scales + group.first * p.n_blocks,
                                     .n_tokens = group.size(),
                                     .y_rows = order_.y_rows() + group.first,
                                     .y = y},
                                    first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
  return Status();
} catch (const std::bad_alloc&) {
  return Status(StatusCode::out_of_memory, "ternary_matmul: no memory for the packed activations");
}

}  // namespace tritium
