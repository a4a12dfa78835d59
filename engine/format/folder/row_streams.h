// Rows of a tensor, read a stretch at a time from wherever they are stored. Rows are counted over all matrices.
//
// Thread rule: read() may be called from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

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

  // Rows first … first + n - 1: `words` [n, words_per_row] as TernaryMatrix has them, padding included; `scales`
  // [n, groups_per_row]. unsupported: a value is no trit; corrupt_file: a scale is not finite.
  virtual Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const = 0;

 protected:
  TernaryRows(const Shape& shape, int64_t group_size)
      : shape_(shape), group_size_(group_size < shape[2] ? group_size : shape[2]) {}

 private:
  Shape shape_;
  int64_t group_size_;
};

class DenseRows {
 public:
  virtual ~DenseRows() = default;

  const Shape& shape() const { return shape_; }
  int64_t n_rows() const { return shape_[0] * shape_[1]; }
  int64_t cols() const { return shape_[2]; }
  DType dtype() const { return dtype_; }
  int64_t row_bytes() const { return cols() * bits_of(dtype_) / 8; }

  // `out` [n, row_bytes]. corrupt_file: a value is not finite.
  virtual Status read(int64_t first, int64_t n, std::span<std::byte> out) const = 0;

 protected:
  DenseRows(const Shape& shape, DType dtype) : shape_(shape), dtype_(dtype) {}

 private:
  Shape shape_;
  DType dtype_;
};

// A source of them.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual Result<std::unique_ptr<TernaryRows>> ternary_rows(const std::string& name) const = 0;
  virtual Result<std::unique_ptr<DenseRows>> dense_rows(const std::string& name) const = 0;
};

}  // namespace tritium
