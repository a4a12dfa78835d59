// Rows of a stack of matrices, read a stretch at a time from wherever they are stored: a backend lays them out for its
// device as they come, so that no second copy of a matrix is ever in memory. Rows are counted over all matrices.
//
// Thread rule: read() may be called from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/checked_math.h"
#include "tensor/dense_matrix.h"
#include "tensor/ternary_matrix.h"
#include "tritium/status.hpp"

namespace tritium {

class TernaryRows {
 public:
  virtual ~TernaryRows() = default;

  const Shape& shape() const { return shape_; }  // (n_matrices, rows, cols)
  int64_t n_rows() const { return shape_[0] * shape_[1]; }
  int64_t cols() const { return shape_[2]; }
  int64_t words_per_row() const { return round_up(cols(), TernaryMatrix::kRowAlign) / TernaryMatrix::kCodesPerWord; }
  int64_t group_size() const { return group_size_; }  // columns that a scale covers; cols(): a row has one
  int64_t groups_per_row() const { return ceil_div(cols(), group_size_); }
  // Groups are how a file stores scales: where those of a row are equal, they are one. Else they are what somebody
  // asked for, and stay.
  bool groups_may_merge() const { return groups_may_merge_; }

  // Rows first … first + n - 1: `words` [n, words_per_row] as TernaryMatrix has them, padding included; `scales`
  // [n, groups_per_row]. unsupported: a value is no trit; corrupt_file: a scale is not finite.
  virtual Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const = 0;

 protected:
  TernaryRows(const Shape& shape, int64_t group_size, bool groups_may_merge = true)
      : shape_(shape),
        group_size_(group_size < shape[2] ? group_size : shape[2]),
        groups_may_merge_(groups_may_merge) {}

 private:
  Shape shape_;
  int64_t group_size_;
  bool groups_may_merge_;
};

class DenseRows {
 public:
  virtual ~DenseRows() = default;

  const Shape& shape() const { return shape_; }
  int64_t n_rows() const { return shape_[0] * shape_[1]; }
  int64_t cols() const { return shape_[2]; }
  DType dtype() const { return dtype_; }
  int64_t row_bytes() const { return bytes_of(dtype_, cols()); }

  // `out` [n, row_bytes]. corrupt_file: a value is not finite, with its index in the stack.
  virtual Status read(int64_t first, int64_t n, std::span<std::byte> out) const = 0;

 protected:
  DenseRows(const Shape& shape, DType dtype) : shape_(shape), dtype_(dtype) {}

 private:
  Shape shape_;
  DType dtype_;
};

// Of matrices in memory, which must outlive them.
std::unique_ptr<TernaryRows> rows_of(const TernaryMatrix& matrix);
std::unique_ptr<DenseRows> rows_of(const DenseMatrix& matrix);

// All of them. Scales that may are merged to the coarsest granularity that holds them.
Result<TernaryMatrix> read_all(const TernaryRows& rows);
Result<DenseMatrix> read_all(const DenseRows& rows);
Result<std::vector<float>> read_all_f32(const DenseRows& rows);
// Integers in blocks as f16, or as f32 where f16 cannot hold a value; other types as they are.
Result<DenseMatrix> read_all_halves(const DenseRows& rows);

}  // namespace tritium
