// Loops over the matrices that an operation's rows are routed to.
#pragma once

#include "cpu/backend.h"

namespace tritium {

template <typename Op, typename WeightOf>
void CpuBackend::input_gradient(const Op& op, const WeightOf& weight) {
  const auto p = op.params();
  sort_rows(op);
  const float* dy = host_span<float>(op.dy).data();
  const auto dx = host_span<float>(op.dx);
  const bool add = adds_to_rows(p, dx);
  const Strips strips = strips_of(0, p.cols, kernels_.floats.lanes);
  split(strips.n, strips.vectors * product_cost(p.n_rows, p.out_features), [&](int64_t first, int64_t last) noexcept {
    for (const RowOrder::Group& group : order_.groups())
      kernels_.floats.float_product({.m = group.size(),
                                     .n = p.cols,
                                     .depth = p.out_features,
                                     .a = dy,
                                     .a_rows = order_.y_rows() + group.first,
                                     .a_stride = p.out_features,
                                     .b = weight(group.matrix),
                                     .c = dx.data(),
                                     .c_rows = order_.x_rows() + group.first,
                                     .c_stride = p.cols,
                                     .accumulate = add},
                                    strips.vector(first), strips.vector(last));
  });
}

template <typename CostOf, typename Body>
void CpuBackend::split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body) {
  int64_t total = 0;
  for (const RowOrder::Group& group : order_.groups()) total += n_blocks * cost_of(group);
  split(total, 1, [&](int64_t from, int64_t to) noexcept {
    int64_t start = 0;  // cost before this group
    for (const RowOrder::Group& group : order_.groups()) {
      const int64_t cost = cost_of(group), end = start + n_blocks * cost;
      if (start >= to) return;
      if (end > from) {
        // A block belongs to the part in which its first ns lies.
        const int64_t first = std::min(ceil_div(std::max<int64_t>(from - start, 0), cost), n_blocks);
        const int64_t last = std::min(ceil_div(to - start, cost), n_blocks);
        if (first < last) body(group, first, last);
      }
      start = end;
    }
  });
}

}  // namespace tritium
