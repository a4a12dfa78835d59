// Rows of a tensor of any model, as trits or as floats.
#pragma once

#include <memory>
#include <string>

#include "format/folder/row_streams.h"
#include "tensor/tensor_map.h"

namespace tritium {

// As TensorMap gives them.
Result<std::unique_ptr<TernaryRows>> ternary_rows_of(const TensorMap& map, const std::string& name);
Result<std::unique_ptr<DenseRows>> dense_rows_of(const TensorMap& map, const std::string& name);

// Decoded. read() may be called from several threads at once.
class FloatRows {
 public:
  static Result<FloatRows> open(const TensorMap& map, const std::string& name);

  const Shape& shape() const { return trits_ ? trits_->shape() : dense_->shape(); }
  Status read(int64_t first, int64_t n, std::span<float> values) const;

 private:
  std::unique_ptr<TernaryRows> trits_;
  std::unique_ptr<DenseRows> dense_;
};

}  // namespace tritium
