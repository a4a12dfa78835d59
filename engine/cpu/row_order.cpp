// A counting sort of rows by their matrix: count, running sums, place. It keeps rows of a matrix in order.
#include "cpu/row_order.h"

#include <utility>

namespace tritium {

void RowOrder::sort(int64_t n_rows, int64_t rows_per_x, int64_t n_matrices, bool routed,
                    std::span<const int32_t> expert_ids) {
  const auto matrix_of = [&](int64_t row) { return routed ? int64_t{expert_ids[static_cast<size_t>(row)]} : 0; };
  const auto exists = [&](int64_t matrix) { return matrix >= 0 && matrix < n_matrices; };
  y_rows_.resize(static_cast<size_t>(n_rows));
  x_rows_.resize(static_cast<size_t>(n_rows));
  rows_without_matrix_.clear();
  groups_.clear();

  first_of_matrix_.assign(static_cast<size_t>(n_matrices), 0);
  for (int64_t row = 0; row < n_rows; ++row)
    if (const int64_t matrix = matrix_of(row); exists(matrix)) ++first_of_matrix_[static_cast<size_t>(matrix)];
  int64_t first = 0;
  for (int64_t matrix = 0; matrix < n_matrices; ++matrix) {
    const int64_t count = std::exchange(first_of_matrix_[static_cast<size_t>(matrix)], first);
    if (count > 0) groups_.push_back({matrix, first, first + count});
    first += count;
  }
  for (int64_t row = 0; row < n_rows; ++row) {
    const int64_t matrix = matrix_of(row);
    if (!exists(matrix)) {
      rows_without_matrix_.push_back(static_cast<int32_t>(row));
      continue;
    }
    const auto place = static_cast<size_t>(first_of_matrix_[static_cast<size_t>(matrix)]++);
    y_rows_[place] = static_cast<int32_t>(row);
    x_rows_[place] = static_cast<int32_t>(row / rows_per_x);
  }
}

}  // namespace tritium
