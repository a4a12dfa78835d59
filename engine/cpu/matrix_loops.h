// Loops over the matrices that an operation's rows are routed to.
#pragma once

#include <array>

#include "cpu/backend.h"

namespace tritium {

template <typename BlocksOf, typename CostOf, typename Body>
void CpuBackend::split_groups(const BlocksOf& n_blocks_of, const CostOf& cost_of, const Body& body) {
  int64_t total = 0;
  for (const RowOrder::Group& group : order_.groups()) total += n_blocks_of(group) * cost_of(group);
  split(total, 1, [&](int64_t from, int64_t to) noexcept {
    int64_t start = 0;  // cost before this group
    for (const RowOrder::Group& group : order_.groups()) {
      const int64_t cost = cost_of(group), n_blocks = n_blocks_of(group), end = start + n_blocks * cost;
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

template <typename CostOf, typename Body>
void CpuBackend::split_matrices(int64_t n_blocks, const CostOf& cost_of, const Body& body) {
  split_groups([n_blocks](const RowOrder::Group&) { return n_blocks; }, cost_of, body);
}

template <typename RowsOf>
CpuBackend::TileSize CpuBackend::tile_size(const RowsOf& rows_of, int64_t n_vectors) const {
  // 12 vectors: the strips that a kernel packs at a time. To pack them costs as much as some 5 rows of their products.
  constexpr std::array<TileSize, 6> kSizes = {{{256, 12}, {128, 12}, {128, 6}, {64, 6}, {64, 3}, {32, 3}}};
  constexpr int64_t kTilesOfThread = 4;  // one that is busy otherwise leaves its tiles to others
  for (const TileSize& size : kSizes) {
    int64_t n = 0;
    for (const RowOrder::Group& group : order_.groups()) n += ceil_div(rows_of(group), size.rows);
    if (n * ceil_div(n_vectors, size.vectors) >= kTilesOfThread * pool_.threads()) return size;
  }
  return kSizes.back();
}

template <typename RowsOf, typename DepthOf, typename Body>
void CpuBackend::split_tiles(Vectors columns, const RowsOf& rows_of, const DepthOf& depth_of, const Body& body) {
  const int64_t n_vectors = columns.last - columns.first;
  if (n_vectors <= 0) return;  // a group of padding
  const TileSize size = tile_size(rows_of, n_vectors);
  const int64_t across = ceil_div(n_vectors, size.vectors);
  split_groups([&](const RowOrder::Group& group) { return ceil_div(rows_of(group), size.rows) * across; },
               [&](const RowOrder::Group& group) {
                 return std::min(size.vectors, n_vectors) *
                        product_cost(std::min(size.rows, rows_of(group)), depth_of(group));
               },
               [&](const RowOrder::Group& group, int64_t first, int64_t last) {
                 for (int64_t i = first; i < last; ++i) {
                   const int64_t row = i / across * size.rows, vector = columns.first + i % across * size.vectors;
                   body(group, Tile{row, std::min(row + size.rows, rows_of(group)), vector,
                                    std::min(vector + size.vectors, columns.last)});
                 }
               });
}

template <typename Params, typename Body>
void CpuBackend::split_input_gradient(Vectors columns, const Params& p, const Body& body) {
  if (p.rows_per_x == 1)
    return split_tiles(
        columns, [](const RowOrder::Group& group) { return group.size(); },
        [&](const RowOrder::Group&) { return int64_t{p.out_features}; }, body);
  constexpr int64_t kMostVectors = 12, kFewestVectors = 2;  // a single vector would wait for its own sums
  const int64_t n_vectors = columns.last - columns.first, threads = pool_.threads();
  if (n_vectors <= 0) return;
  const int64_t tiles = threads * ceil_div(n_vectors, threads * kMostVectors);
  const int64_t width = std::max(ceil_div(n_vectors, tiles), kFewestVectors);
  split(ceil_div(n_vectors, width), width * product_cost(p.n_rows, p.out_features),
        [&](int64_t first, int64_t last) noexcept {
          for (int64_t i = first; i < last; ++i)
            for (const RowOrder::Group& group : order_.groups())
              body(group, Tile{0, group.size(), columns.first + i * width,
                               std::min(columns.first + (i + 1) * width, columns.last)});
        });
}

template <typename Op, typename WeightOf>
void CpuBackend::input_gradient(const Op& op, const WeightOf& weight) {
  const auto p = op.params();
  sort_rows(op);
  const float* dy = host_span<float>(op.dy).data();
  const auto dx = host_span<float>(op.dx);
  const bool add = adds_to_rows(p, dx);
  split_input_gradient(vectors_of(0, p.cols), p, [&](const RowOrder::Group& group, const Tile& tile) {
    const cpu::FloatProduct whole = {.m = group.size(),
                                     .n = p.cols,
                                     .depth = p.out_features,
                                     .a = dy,
                                     .a_rows = order_.y_rows() + group.first,
                                     .a_stride = p.out_features,
                                     .b = weight(group.matrix),
                                     .c = dx.data(),
                                     .c_rows = order_.x_rows() + group.first,
                                     .c_stride = p.cols,
                                     .accumulate = add};
    kernels_.floats.float_product(of_rows(whole, tile.first_row, tile.last_row), tile.first, tile.last);
  });
}

}  // namespace tritium
