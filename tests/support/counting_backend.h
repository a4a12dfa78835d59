// A Backend that counts the bytes of what it allocates and of what is read from it.
#pragma once

#include <memory>
#include <string>

#include "ops/backend.h"

namespace tritium {

class CountingBackend final : public Each<CountingBackend, ForwardingBackend, AllOps> {
 public:
  using Each::Each;
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& name) override {
    Result<Tensor> made = ForwardingBackend::allocate(shape, dtype, name);
    if (made.ok()) bytes += static_cast<uint64_t>(made->bytes());
    return made;
  }
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& name) override {
    return counted(ForwardingBackend::upload_rows(rows, name));
  }
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& name) override {
    return counted(ForwardingBackend::upload_rows(rows, name));
  }
  Status download(const Tensor& tensor, std::span<std::byte> data) override {
    downloaded += data.size();
    return ForwardingBackend::download(tensor, data);
  }
  template <typename Op>
  Status each(const Op& op) {
    return inner().run(op);
  }

  uint64_t bytes = 0;
  uint64_t downloaded = 0;

 private:
  Result<Weight> counted(Result<Weight> weight) {
    if (!weight.ok()) return weight;
    for (const Tensor* plane : {&weight->data, &weight->scales})
      if (*plane) bytes += static_cast<uint64_t>(plane->bytes());
    return weight;
  }
};

}  // namespace tritium
