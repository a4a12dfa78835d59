// y = x W^T, int8 activations times integers in blocks: every thread takes a contiguous stretch of weight blocks and
// meets all rows of their expert.
#include "cpu/backend.h"

namespace tritium {

void CpuBackend::compute(const PackedMatmul& a) {
  const PackedMatmulParams p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  sort_rows(a);
  const int8_t* q = host_span<int8_t>(a.q).data();
  // The sums of 16 columns each of the activations, which codes with a bias need.
  const int64_t x_rows = a.q.shape[0], sixteens = p.padded_cols / 16;
  if (packed_sums_.size() < static_cast<size_t>(x_rows * sixteens))
    packed_sums_.resize(static_cast<size_t>(x_rows * sixteens));
  int32_t* sums = packed_sums_.data();
  split(x_rows, p.padded_cols / 4, [&](int64_t first, int64_t last) noexcept {
    for (int64_t i = first * sixteens; i < last * sixteens; ++i) {
      sums[i] = 0;
      for (int64_t c = 0; c < 16; ++c) sums[i] += q[16 * i + c];
    }
  });

  const uint32_t* words = host_span<uint32_t>(a.weight.data).data();
  const uint32_t* weight_scales = host_span<uint32_t>(a.weight.scales).data();
  const float* scales = host_span<float>(a.scales).data();
  float* y = host_span<float>(a.y).data();
  // A word of 32 rows is 128 bytes, 8 ns from memory, and about 128 products for every token.
  const auto cost_of_block = [&](const RowOrder::Group& group) { return layout.chunks * (8 + 2 * group.size()); };
  split_matrices(layout.blocks(), cost_of_block, [&](const RowOrder::Group& group, int64_t first, int64_t last) {
    const cpu::Rows32::Place start = layout.first_of(group.matrix);
    kernels_.packed.packed_matmul({.layout = layout,
                                   .dtype = p.dtype,
                                   .words = words + layout.word(start, 0),
                                   .weight_scales = weight_scales + layout.scale(start, 0),
                                   .q = q,
                                   .sums = sums,
                                   .scales = scales,
                                   .n_blocks = p.n_blocks,
                                   .x_rows = order_.x_rows() + group.first,
                                   .n_tokens = group.size(),
                                   .y_rows = order_.y_rows() + group.first,
                                   .y = y},
                                  first, last);
  });
  clear_rows_without_matrix(y, p.out_features);
}

}  // namespace tritium
