// Memory for operations that run only to be timed.
#pragma once

#include <vector>

#include "ops/fusion.h"
#include "vulkan/gpu.h"

namespace tritium::vulkan {

class TimedTensors {
 public:
  explicit TimedTensors(Gpu& gpu) : gpu_(gpu) {}

  // Gives the operations memory of their own for what they write and what is not placed yet; weights and what is only
  // read stay as they are. Caches become short ones; the token is their last, and experts are 0, 1, 2 … All fusions
  // that are bound use the same memory. unsupported: what stays is of another backend.
  Status bind(Fusion& fusion);

 private:
  struct Piece {
    Tensor tensor;
    bool taken = false;
  };
  Result<Tensor> take(int64_t bytes);
  Status count_up(const Tensor& tensor, int64_t n);  // 0, 1, 2 …

  Gpu& gpu_;
  std::vector<Piece> pieces_;
};

}  // namespace tritium::vulkan
