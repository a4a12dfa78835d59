// Arena: tensors that live for a part of a training step. A tensor goes back when its last handle does, and the next
// one of the same size takes its memory: after the first step nothing is allocated.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ops/ops.h"

namespace tritium {

class Arena {
 public:
  explicit Arena(Ops& ops) : ops_(ops) {}

  // With whatever values the memory holds. After an error (which goes to ops) a tensor of that shape without memory.
  Tensor take(const Shape& shape, DType dtype = DType::f32);

  // Of all tensors ever taken: what a step needs at its peak, rounded up by sizes that did not fit each other.
  uint64_t bytes() const { return bytes_; }

 private:
  // Memory, and the handle under which it was lent last. What a device still has to run does not hold that handle:
  // operations take effect in the order of the calls, so the memory may be written again at once.
  struct Lent {
    std::shared_ptr<Buffer> memory;
    std::weak_ptr<Buffer> handle;
  };
  static Tensor lend(Lent& lent, const Shape& shape, DType dtype);

  Ops& ops_;
  std::map<int64_t, std::vector<Lent>> by_size_;
  uint64_t bytes_ = 0;
};

}  // namespace tritium
