// dW += dY^T X of each matrix, over the rows that use it. Threads share out tiles of dW.
#include "cpu/matrix_loops.h"

namespace tritium {

void CpuBackend::compute(const WeightGradient& a) {
  const WeightGradientParams p = a.params();
  sort_rows(a);
  if (p.quantized && worth_rounding(std::min(p.block, p.cols))) return short_weight_gradient(a);
  const float* dy = host_span<float>(a.dy).data();
  float* dw = host_span<float>(a.dw).data();
  const void* values =
      p.quantized ? static_cast<const void*>(host_span<int8_t>(a.q).data()) : host_span<float>(a.x).data();
  split_tiles(
      vectors_of(0, p.cols), [&](const RowOrder::Group&) { return int64_t{p.out_features}; },
      [](const RowOrder::Group& group) { return group.size(); },
      [&](const RowOrder::Group& group, const Tile& tile) {
        const cpu::ProductOperand x = {.kind = p.quantized ? cpu::OperandKind::codes : cpu::OperandKind::floats,
                                       .data = values,
                                       .rows = order_.x_rows() + group.first,
                                       .stride = p.quantized ? p.padded_cols : p.cols,
                                       .scales = host_span<float>(a.scales).data(),
                                       .n_scales = p.n_blocks,
                                       .scale_columns = p.block};
        const cpu::FloatProduct whole = {.m = p.out_features,
                                         .n = p.cols,
                                         .depth = group.size(),
                                         .a = dy,
                                         .a_rows = order_.y_rows() + group.first,
                                         .a_stride = p.out_features,
                                         .a_by_column = true,
                                         .b = x,
                                         .c = dw + group.matrix * p.out_features * p.cols,
                                         .c_stride = p.cols,
                                         .accumulate = true};
        kernels_.floats.float_product(of_rows(whole, tile.first_row, tile.last_row), tile.first, tile.last);
      });
}

// With dY times the scales of X in 16 bits, for the columns of one scale after another.
void CpuBackend::short_weight_gradient(const WeightGradient& a) {
  const WeightGradientParams p = a.params();
  const float* dy = host_span<float>(a.dy).data();
  const int8_t* q = host_span<int8_t>(a.q).data();
  const float* x_scales = host_span<float>(a.scales).data();
  float* dw = host_span<float>(a.dw).data();
  const int64_t out = p.out_features, lanes = kernels_.floats.lanes;
  // A matrix's pairs and scales begin where those of the matrices before it, which may be one more each, have ended.
  const auto index = [&](const RowOrder::Group& group) { return &group - order_.groups().data(); };
  const auto pairs_of = [&](const RowOrder::Group& group) {
    return short_pairs_.data() + (group.first + index(group)) / 2 * out;
  };
  const auto scales_of = [&](const RowOrder::Group& group) {
    return short_scales_.data() + (group.first / cpu::kShortTerms + index(group)) * out;
  };
  const auto n_matrices = static_cast<int64_t>(order_.groups().size());
  at_least(short_pairs_, ceil_div(p.n_rows + n_matrices, 2) * out);
  at_least(short_scales_, (p.n_rows / cpu::kShortTerms + n_matrices) * out);
  for (int64_t block = 0; block < p.n_blocks; ++block) {
    const int64_t begin = block * p.block, end = std::min<int64_t>(begin + p.block, p.cols);
    if (begin >= end) break;
    constexpr int64_t kVectors = 4;  // those of a piece of round_columns
    const int64_t n_vectors = ceil_div(out, lanes);
    const auto cost_of_rounding = [&](const RowOrder::Group& group) { return group.size() * kVectors * lanes / 8; };
    split_matrices(ceil_div(n_vectors, kVectors), cost_of_rounding,
                   [&](const RowOrder::Group& group, int64_t first, int64_t last) {
                     kernels_.shorts.round_columns({.x = dy,
                                                    .x_rows = order_.y_rows() + group.first,
                                                    .n_rows = group.size(),
                                                    .n = out,
                                                    .factors = x_scales + block,
                                                    .factor_rows = order_.x_rows() + group.first,
                                                    .factor_stride = p.n_blocks,
                                                    .pairs = pairs_of(group),
                                                    .scales = scales_of(group)},
                                                   first * kVectors, std::min(last * kVectors, n_vectors));
                   });
    split_tiles(
        vectors_of(begin, end), [&](const RowOrder::Group&) { return out; },
        [](const RowOrder::Group& group) { return group.size() / 2; },
        [&](const RowOrder::Group& group, const Tile& tile) {
          const cpu::ShortProduct whole = {.m = out,
                                           .n = end,
                                           .depth = group.size(),
                                           .a = pairs_of(group),
                                           .a_stride = out,
                                           .a_by_column = true,
                                           .a_scales = scales_of(group),
                                           .a_scale_stride = out,
                                           .b = {.kind = cpu::OperandKind::codes,
                                                 .data = q,
                                                 .rows = order_.x_rows() + group.first,
                                                 .stride = p.padded_cols},
                                           .c = dw + group.matrix * out * p.cols,
                                           .c_stride = p.cols};
          kernels_.shorts.short_product(of_rows(whole, tile.first_row, tile.last_row), tile.first, tile.last);
        });
  }
}

}  // namespace tritium
