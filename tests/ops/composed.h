// Tensors of the reference, and weights that pick columns, for the tests of operations that stand for several.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "cpu_ref/reference_backend.h"
#include "ops/ops.h"

namespace tritium {

class ComposedTest : public testing::Test {
 protected:
  Tensor floats(const Shape& shape, const std::vector<float>& values) {
    const Tensor tensor = *backend_->allocate(shape, DType::f32, "floats");
    EXPECT_TRUE(backend_->upload(tensor, std::as_bytes(std::span(values))).ok());
    return tensor;
  }
  Tensor ints(const Shape& shape, const std::vector<int32_t>& values) {
    const Tensor tensor = *backend_->allocate(shape, DType::i32, "ints");
    EXPECT_TRUE(backend_->upload(tensor, std::as_bytes(std::span(values))).ok());
    return tensor;
  }
  Tensor zeros(const Shape& shape, DType dtype = DType::f32) { return *backend_->allocate(shape, dtype, "zeros"); }

  template <typename T = float>
  std::vector<T> values(const Tensor& tensor) {
    std::vector<T> out(static_cast<size_t>(tensor.bytes()) / sizeof(T));
    EXPECT_TRUE(backend_->download(tensor, std::as_writable_bytes(std::span(out))).ok());
    return out;
  }

  // Row i of matrix m is +1 at column columns[m * rows + i], scaled.
  Weight picking(int64_t n_matrices, int64_t rows, int64_t cols, const std::vector<int64_t>& columns, float scale = 1) {
    TernaryMatrix matrix(n_matrices, rows, cols, ScaleGranularity::tensor);
    matrix.scales()[0] = scale;
    for (int64_t i = 0; i < std::ssize(columns); ++i)
      matrix.set_trit(i / rows, i % rows, columns[static_cast<size_t>(i)], 1);
    return *backend_->upload_weight(matrix, "picking");
  }

  Status run(const auto& op) {
    Ops ops(*backend_);
    ops(op);
    return ops.finish();
  }

  std::unique_ptr<Backend> backend_ = make_reference_backend();
};

}  // namespace tritium
