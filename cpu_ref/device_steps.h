// Steps that layers on a backend share: values in, products, values out.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cpu_ref/cpu_linear.h"
#include "ops/ops.h"

namespace tritium {

// Allocations and operations of one forward pass; the first error stays in `ops`.
class DeviceSteps {
 public:
  explicit DeviceSteps(Backend& backend) : ops(backend) {}

  Tensor take(const Shape& shape, DType dtype = DType::f32);
  Tensor upload(std::span<const float> values, const Shape& shape);
  // y = x W^T; with expert_ids, row r by the matrix chosen for it.
  Tensor product(const Tensor& x, const Weight& weight, const Tensor& expert_ids, InputPrecision precision);
  Result<std::vector<float>> download(const Tensor& tensor);

  Ops ops;
};

}  // namespace tritium
