// DenseMatrix: a stack of [rows, cols] floating-point matrices in host memory, in the type they are kept in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace tritium {

struct DenseMatrix {
  int64_t n_matrices = 1;
  int64_t rows = 0;
  int64_t cols = 0;
  DType dtype = DType::f32;      // f32, f16, bf16 or integers in blocks
  std::vector<std::byte> bytes;  // (n_matrices, rows, cols), no padding

  Shape shape() const { return {n_matrices, rows, cols}; }
};

}  // namespace tritium
