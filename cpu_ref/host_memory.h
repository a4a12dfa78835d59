// Tensors in host memory: what the reference and the cpu backend compute on.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "ops/tensor.h"

namespace tritium {

class HostBuffer final : public Buffer {
 public:
  enum class Content { zeros, undefined };
  // Aligned to 64 bytes, and what has 2 MB to as many. Throws std::bad_alloc, and Cancelled while much is cleared.
  explicit HostBuffer(size_t bytes, Content content = Content::zeros);
  // Somebody else's memory, which `owner` keeps: for reading alone. 64 bytes after its end can be read.
  HostBuffer(const std::byte* data, std::shared_ptr<const void> owner)
      : data_(const_cast<std::byte*>(data)), owner_(std::move(owner)) {}
  ~HostBuffer() override;
  HostBuffer(const HostBuffer&) = delete;
  HostBuffer& operator=(const HostBuffer&) = delete;

  std::byte* data() { return data_; }

 private:
  size_t bytes_ = 0;  // of our own
  std::byte* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// The values of a host tensor; empty for a tensor that is not there. T has the size of the tensor's dtype, or is
// std::byte or uint32_t (packed trits).
template <typename T>
std::span<T> host_span(const Tensor& tensor) {
  if (!tensor) return {};
  auto& buffer = static_cast<HostBuffer&>(*tensor.buffer);
  return {reinterpret_cast<T*>(buffer.data()), static_cast<size_t>(tensor.bytes()) / sizeof(T)};
}

}  // namespace tritium
