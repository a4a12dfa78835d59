// Rows of a product sorted by the matrix they are multiplied with, so that each matrix is read once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium {

class RowOrder {
 public:
  // Rows `first` … `last` - 1 of the order use one matrix.
  struct Group {
    int64_t matrix;
    int64_t first, last;
    int64_t size() const { return last - first; }
  };

  // Row r of y uses matrix expert_ids[r] (0 for all when not `routed`) and row r / rows_per_x of x. Memory is
  // kept from call to call. Throws std::bad_alloc.
  void sort(int64_t n_rows, int64_t rows_per_x, int64_t n_matrices, bool routed, std::span<const int32_t> expert_ids);

  std::span<const Group> groups() const { return groups_; }  // of matrices that have rows, ascending
  // The group behind one of groups(); null: it is the last.
  const Group* after(const Group& group) const { return &group == &groups_.back() ? nullptr : &group + 1; }
  const int32_t* y_rows() const { return y_rows_.data(); }
  const int32_t* x_rows() const { return x_rows_.data(); }
  std::span<const int32_t> rows_without_matrix() const { return rows_without_matrix_; }

 private:
  std::vector<Group> groups_;
  std::vector<int64_t> first_of_matrix_;
  std::vector<int32_t> y_rows_, x_rows_, rows_without_matrix_;
};

}  // namespace tritium
