// Rows of a tensor of any model, as floats.
#pragma once

#include <memory>
#include <string>

#include "tensor/tensor_map.h"

namespace tritium {

// read() may be called from several threads at once.
class FloatRows {
 public:
  static Result<FloatRows> open(const TensorMap& map, const std::string& name);

  const Shape& shape() const { return rows_->shape(); }
  Status read(int64_t first, int64_t n, std::span<float> values) const;

 private:
  std::unique_ptr<DenseRows> rows_;
};

}  // namespace tritium
