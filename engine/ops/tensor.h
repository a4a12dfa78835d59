// Tensor and Weight: handles to memory that a backend owns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace tritium {

// A backend's memory. Only the backend that made it looks inside; it is freed with its last handle.
class Buffer {
 public:
  virtual ~Buffer() = default;
};

// A typed window at the start of a buffer. Cheap to copy; copies share the memory.
struct Tensor {
  std::shared_ptr<Buffer> buffer;
  Shape shape;
  DType dtype = DType::f32;

  explicit operator bool() const { return buffer != nullptr; }
  int64_t elements() const { return shape.elements(); }
  int64_t bytes() const { return elements() * bits_of(dtype) / 8; }

  // The same memory seen with another shape; `shape` may be smaller (the first rows of a larger buffer), not larger.
  Tensor view(const Shape& other) const {
    assert(other.elements() <= elements());
    return {buffer, other, dtype};
  }
};

// A stack of weight matrices (n_matrices, rows, cols) in a backend's own layout: dense (f32, f16, bf16; in training
// i8), ternary, or packed: integers in blocks.
struct Weight {
  DType dtype = DType::f32;  // f32, f16, bf16, i8, trit2 or a packed type
  int64_t n_matrices = 1;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t row_stride = 0;  // elements from a row to the next, padding included
  int64_t group_size = 0;  // trit2: columns a scale covers; == row_stride when a row has one scale
  float code_step = 0.0f;  // i8: a value is code * code_step (shaders/lib/shadow_code.h)
  std::string name;        // "blk.0.attn_q.weight"
  Tensor data;             // (n_matrices, rows, row_stride); packed: i32, words of codes
  Tensor scales;           // trit2: f32 (n_matrices, rows, groups_per_row); packed: i32, words of scales

  bool ternary() const { return dtype == DType::trit2; }
  bool packed() const { return is_packed(dtype); }
  bool has_scales() const { return ternary() || packed(); }
  int64_t groups_per_row() const { return ternary() ? (row_stride + group_size - 1) / group_size : 0; }
};

// An f32 tensor (rows, cols) or (n_matrices, rows, cols) as the weights of an operation.
inline Weight as_weight(const Tensor& matrices, std::string name) {
  const Shape& shape = matrices.shape;
  const int64_t cols = shape[-1];
  return {.dtype = DType::f32,
          .n_matrices = shape.rank() == 3 ? shape[0] : 1,
          .rows = shape[-2],
          .cols = cols,
          .row_stride = cols,
          .group_size = 0,
          .name = std::move(name),
          .data = matrices,
          .scales = {}};
}

}  // namespace tritium
