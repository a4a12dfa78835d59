// dx = dy W of packed trits. Threads share out tiles, or columns where several rows of dy add to one of dx, always in
// ascending order of matrix and row.
#include "cpu/matrix_loops.h"

namespace tritium {

void CpuBackend::compute(const TernaryMatmulBackward& a) {
  const Weight& w = a.weight;
  if (worth_rounding(std::min(w.group_size, w.cols))) return short_input_gradient(a);
  const cpu::Rows32 layout = rows32_of(w);
  const uint32_t* words = host_span<uint32_t>(w.data).data();
  const float* scales = host_span<float>(w.scales).data();
  input_gradient(a, [&](int64_t matrix) -> cpu::ProductOperand {
    const cpu::Rows32::Place start = layout.first_of(matrix);
    return {.kind = cpu::OperandKind::trits,
            .data = words + layout.word(start, 0),
            .layout = layout,
            .scales = scales + layout.scale(start, 0),
            .scale_columns = w.group_size};
  });
}

// With dy times the scales of the weights in 16 bits, for the columns of one scale after another.
void CpuBackend::short_input_gradient(const TernaryMatmulBackward& a) {
  const TernaryMatmulBackwardParams p = a.params();
  const cpu::Rows32 layout = rows32_of(a.weight);
  sort_rows(a);
  const uint32_t* words = host_span<uint32_t>(a.weight.data).data();
  const float* weight_scales = host_span<float>(a.weight.scales).data();
  const float* dy = host_span<float>(a.dy).data();
  const auto dx = host_span<float>(a.dx);
  const bool add = adds_to_rows(p, dx);
  const int64_t n_pairs = ceil_div(p.out_features, 2);
  int32_t* pairs = at_least(short_pairs_, p.n_rows * n_pairs);
  float* scales = at_least(short_scales_, p.n_rows);
  for (int64_t group = 0; group < layout.groups; ++group) {
    split(order_.groups().empty() ? 0 : order_.groups().back().last, p.out_features / 8,
          [&](int64_t first, int64_t last) noexcept {
            for (const RowOrder::Group& rows : order_.groups())
              kernels_.shorts.round_rows({.x = dy,
                                          .x_rows = order_.y_rows(),
                                          .n = p.out_features,
                                          .factors = weight_scales + layout.scale(layout.first_of(rows.matrix), group),
                                          .factor_stride = layout.groups * cpu::kRowStride,
                                          .pairs = pairs,
                                          .scales = scales},
                                         std::max(first, rows.first), std::min(last, rows.last));
          });
    const int64_t begin = group * p.group_size, end = std::min<int64_t>(begin + p.group_size, p.cols);
    split_input_gradient(vectors_of(begin, end), p, [&](const RowOrder::Group& rows, const Tile& tile) {
      const cpu::ShortProduct whole = {.m = rows.size(),
                                       .n = end,
                                       .depth = p.out_features,
                                       .a = pairs + rows.first * n_pairs,
                                       .a_stride = n_pairs,
                                       .a_by_column = false,
                                       .a_scales = scales + rows.first,
                                       .a_scale_stride = 0,
                                       .b = {.kind = cpu::OperandKind::trits,
                                             .data = words + layout.word(layout.first_of(rows.matrix), 0),
                                             .layout = layout},
                                       .c = dx.data(),
                                       .c_rows = order_.x_rows() + rows.first,
                                       .c_stride = p.cols,
                                       .accumulate = add};
      kernels_.shorts.short_product(of_rows(whole, tile.first_row, tile.last_row), tile.first, tile.last);
    });
  }
}

}  // namespace tritium
