// y = x W^T, int8 activations times packed trits. Activations are packed for the kernels once, sorted by
// expert; then every thread takes a contiguous stretch of weight blocks and meets all rows of their expert. Products of
// one input (gate and up; q, k and v) are one loop of the threads.
#include "cpu/backend.h"

namespace tritium {
void CpuBackend::clear_rows_without_matrix(float* y, int64_t row_length) {
  for (const int32_t row : order_.rows_without_matrix()) std::fill_n(y + row * row_length, row_length, 0.0f);
}

CpuBackend::PackedInput CpuBackend::input_of(const TernaryMatmul& a) {
  const TernaryMatmulParams p = a.params();
  const int64_t chunks = p.padded_cols / cpu::kChunkColumns;
  return {.q = host_span<int8_t>(a.q).data(),
          .scales = host_span<float>(a.scales).data(),
          .expert_ids = host_span<int32_t>(a.expert_ids).data(),
          .n_rows = p.n_rows,
          .rows_per_x = p.rows_per_x,
          .n_matrices = p.n_matrices,
          .chunks = chunks,
          .used_chunks = is_base3(a.weight) ? chunks : ceil_div(a.weight.cols, cpu::kChunkColumns),
          .segment_chunks = std::min(p.group_size, p.block) / cpu::kChunkColumns,
          .n_blocks = p.n_blocks};
}

cpu::TernaryActivations CpuBackend::pack_input(const TernaryMatmul& a) {
  const PackedInput input = input_of(a);
  const bool is_packed = packed_input_ == input;
  if (!is_packed) sort_rows(a);
  const int64_t row_bytes = input.chunks * kernels_.ternary.packed_chunk_bytes;
  const cpu::TernaryActivations activations = {
      .q = host_span<int8_t>(a.q).data(),
      .scales = host_span<float>(a.scales).data(),
      .q_rows = order_.x_rows(),
      .chunks = input.chunks,
      .used_chunks = input.used_chunks,
      .segment_chunks = input.segment_chunks,
      .n_blocks = input.n_blocks,
      .packed = at_least(packed_, input.n_rows * row_bytes + cpu::kPackedSlack),
      .sums = at_least(packed_sums_, input.n_rows * (input.chunks / input.segment_chunks)),
      .packed_scales = at_least(packed_scales_, input.n_rows * input.n_blocks)};
  if (is_packed) return activations;

  packed_input_ = {};  // packing may be cancelled
  pack_panels(
      input.n_rows * input.chunks,
      [&](int64_t rows) { return kernels_.ternary.panel_tokens(rows, input.segment_chunks); },
      [&](const Panel& p) { kernels_.ternary.pack_activations(activations, p.of_rows, p.first, p.last); });
  packed_input_ = input;
  return activations;
}

void CpuBackend::multiply_blocks(const cpu::TernaryActivations& x, const Stretch& stretch, const Stretch* next,
                                 int64_t first, int64_t last) {
  const auto scales_of = [](const Stretch& s) {
    const cpu::Rows32 layout = rows32_of(s.op->weight);
    return host_span<float>(s.op->weight.scales).data() + layout.scale(layout.first_of(s.group->matrix), 0);
  };
  const auto trits = [](const Stretch& s) { return trits_of(s.op->weight, s.group->matrix); };
  const TernaryMatmulParams p = stretch.op->params();
  const ThreadMemory::Part expanded = expanded_.take();
  const RowOrder::Group& group = *stretch.group;
  const int64_t row_bytes = x.chunks * kernels_.ternary.packed_chunk_bytes;
  kernels_.ternary.ternary_matmul({.layout = rows32_of(stretch.op->weight),
                                   .trits = trits(stretch),
                                   .weight_scales = scales_of(stretch),
                                   .used_chunks = x.used_chunks,
                                   .segment_chunks = x.segment_chunks,
                                   .group_chunks = p.group_size / cpu::kChunkColumns,
                                   .block_chunks = p.block / cpu::kChunkColumns,
                                   .packed = x.packed + group.first * row_bytes,
                                   .sums = x.sums + group.first * (x.chunks / x.segment_chunks),
                                   .packed_scales = x.packed_scales + group.first * x.n_blocks,
                                   .n_tokens = group.size(),
                                   .y_rows = order_.y_rows() + group.first,
                                   .y = host_span<float>(stretch.op->y).data(),
                                   .next_words = next ? trits(*next).words : nullptr,
                                   .next_scales = next ? scales_of(*next) : nullptr,
                                   .expanded = expanded.words()},
                                  first, last);
}

void CpuBackend::multiply(std::span<const TernaryMatmul* const> products) {
  const cpu::TernaryActivations x = pack_input(*products[0]);
  expanded_.reserve(x.chunks * cpu::kBlockRows);
  stretches_.clear();
  int64_t total = 0;
  for (const TernaryMatmul* op : products)
    for (const RowOrder::Group& group : order_.groups()) {
      // A chunk of 32 rows is 128 bytes, 4 ns from memory, and then 512 products for every token.
      const int64_t cost = x.chunks * (4 + group.size());
      stretches_.push_back({.op = op, .group = &group, .start = total, .cost = cost});
      total += rows32_of(op->weight).blocks() * cost;
    }
  split(total, 1, [&](int64_t from, int64_t to) noexcept {
    const auto later = std::ranges::upper_bound(stretches_, from, {}, &Stretch::start);
    for (auto s = later - 1; s != stretches_.end() && s->start < to; ++s) {
      const int64_t n_blocks = rows32_of(s->op->weight).blocks();
      // A block belongs to the part in which its first ns lies.
      const int64_t first = std::min(ceil_div(std::max<int64_t>(from - s->start, 0), s->cost), n_blocks);
      const int64_t last = std::min(ceil_div(to - s->start, s->cost), n_blocks);
      if (first < last) multiply_blocks(x, *s, &*s == &stretches_.back() ? nullptr : &*s + 1, first, last);
    }
  });
  for (const TernaryMatmul* op : products)
    clear_rows_without_matrix(host_span<float>(op->y).data(), u32(op->weight.rows));
}

}  // namespace tritium
