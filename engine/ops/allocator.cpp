#include "ops/allocator.h"

#include "ops/weight_layout.h"

namespace tritium {
namespace {

Tensor without_memory(const Shape& shape, DType dtype) { return {std::make_shared<Buffer>(), shape, dtype}; }

}  // namespace

Tensor Allocator::tensor(const std::string& name, const Shape& shape, DType dtype) {
  Result<Tensor> made = !ok()      ? Result<Tensor>(status_)
                        : backend_ ? backend_->allocate(shape, dtype, name)
                                   : without_memory(shape, dtype);
  if (!made.ok()) {
    fail(made.status());
    return {nullptr, shape, dtype};
  }
  bytes_ += static_cast<uint64_t>(made->bytes());
  return *std::move(made);
}

template <typename Matrix>
Weight Allocator::make(const Matrix& matrix, const std::string& name) {
  if (!ok()) return {};
  Weight weight = describe_weight(matrix, name);
  if (backend_) {
    Result<Weight> made = backend_->upload_weight(matrix, name);
    if (!made.ok()) {
      fail(made.status());
      return {};
    }
    weight = *std::move(made);
  } else {
    if (layouts_) layouts_->lay_out(weight);
    weight.data = without_memory(weight.data.shape, weight.data.dtype);
    if (weight.has_scales()) weight.scales = without_memory(weight.scales.shape, weight.scales.dtype);
  }
  bytes_ += static_cast<uint64_t>(weight.data.bytes());
  if (weight.has_scales()) bytes_ += static_cast<uint64_t>(weight.scales.bytes());
  return weight;
}

Weight Allocator::weight(const TernaryMatrix& matrix, const std::string& name) { return make(matrix, name); }
Weight Allocator::weight(const DenseMatrix& matrix, const std::string& name) { return make(matrix, name); }

void Allocator::upload(const Tensor& tensor, std::span<const std::byte> data) {
  if (ok() && backend_) fail(backend_->upload(tensor, data));
}

}  // namespace tritium
