// Allocator: what is allocated once and kept. It can count instead, so that a plan is made by the code that allocates.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ops/backend.h"

namespace tritium {

class Allocator {
 public:
  explicit Allocator(Backend& backend) : backend_(&backend) {}
  // Adds up bytes and gives tensors and weights without memory. Weights count as `layouts` keeps them, or as files do.
  static Allocator counting(const Backend* layouts = nullptr) { return Allocator(layouts); }

  bool counts() const { return !backend_; }
  Backend* backend() const { return backend_; }  // null where it counts

  // Zero-filled. After an error, which is kept, a tensor without memory.
  Tensor tensor(const std::string& name, const Shape& shape, DType dtype = DType::f32);
  // Counting: the matrix may have shapes alone (DenseMatrix without bytes, TernaryMatrix::described).
  Weight weight(const TernaryMatrix& matrix, const std::string& name);
  Weight weight(const DenseMatrix& matrix, const std::string& name);
  void upload(const Tensor& tensor, std::span<const std::byte> data);

  uint64_t bytes() const { return bytes_; }  // of everything so far
  void fail(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  explicit Allocator(const Backend* layouts) : layouts_(layouts) {}
  template <typename Matrix>
  Weight make(const Matrix& matrix, const std::string& name);

  Backend* backend_ = nullptr;
  const Backend* layouts_ = nullptr;
  uint64_t bytes_ = 0;
  Status status_;
};

}  // namespace tritium
