#include "training/arena.h"

namespace tritium::training {

Tensor Arena::take(const Shape& shape, DType dtype) {
  const Tensor wanted{nullptr, shape, dtype};
  // Operations read whole words: sizes are rounded up so that neighbours can share buffers.
  const int64_t bytes = (wanted.bytes() + 255) / 256 * 256;
  std::vector<Tensor>& tensors = by_size_[bytes];
  for (const Tensor& tensor : tensors)
    if (tensor.buffer.use_count() == 1) return {tensor.buffer, shape, dtype};
  if (!ops_.ok()) return {};
  Result<Tensor> made = ops_.backend().allocate({bytes / 4}, DType::f32, "training");
  if (!made.ok()) {
    ops_.fail(made.status());
    return {};
  }
  bytes_ += static_cast<uint64_t>(bytes);
  tensors.push_back(*made);
  return {made->buffer, shape, dtype};
}

}  // namespace tritium::training
