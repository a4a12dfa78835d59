// Rows of a tensor, read when they are asked for: what a stack of matrices is before it is anywhere in memory.
// Rows are counted over all matrices. Thread rule: read() may be called from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tritium/status.hpp"

namespace tritium {

class TernaryRows {
 public:
  virtual ~TernaryRows() = default;
  virtual Shape shape() const = 0;         // (n_matrices, rows, cols)
  virtual int64_t group_size() const = 0;  // columns a scale covers as stored; cols: one a row
  // `words` as TernaryMatrix has them (padding code 1), [n, padded cols / 16]; scales [n, groups]. unsupported: a value
  // is no trit.
  virtual Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const = 0;
};

class DenseRows {
 public:
  virtual ~DenseRows() = default;
  virtual Shape shape() const = 0;
  virtual DType dtype() const = 0;
  virtual Status read(int64_t first, int64_t n, std::span<std::byte> bytes) const = 0;
};

}  // namespace tritium
