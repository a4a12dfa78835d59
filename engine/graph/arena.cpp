#include "graph/arena.h"

namespace tritium {

Tensor Arena::lend(Lent& lent, const Shape& shape, DType dtype) {
  const std::shared_ptr<Buffer> handle(lent.memory.get(), [memory = lent.memory](Buffer*) {});
  lent.handle = handle;
  return {handle, shape, dtype};
}

Tensor Arena::take(const Shape& shape, DType dtype) {
  Tensor wanted{nullptr, shape, dtype};
  // Operations read whole words: sizes are rounded up so that neighbours can share buffers.
  const int64_t bytes = (wanted.bytes() + 255) / 256 * 256;
  std::vector<Lent>& tensors = by_size_[bytes];
  for (Lent& lent : tensors)
    if (lent.handle.expired()) return lend(lent, shape, dtype);
  if (!ops_.ok()) return wanted;
  Result<Tensor> made = ops_.backend().allocate({bytes / 4}, DType::f32, "training");
  if (!made.ok()) {
    ops_.fail(made.status());
    return wanted;
  }
  bytes_ += static_cast<uint64_t>(bytes);
  tensors.push_back({made->buffer, {}});
  return lend(tensors.back(), shape, dtype);
}

}  // namespace tritium
