// The inputs and outputs of one operation that is measured again and again.
#pragma once

#include <span>
#include <vector>

#include "bench/random_weights.h"
#include "ops/ops.h"

namespace tritium::bench {

// Tensors and weights of a backend; the first error is kept.
class CaseTensors {
 public:
  explicit CaseTensors(Backend& backend) : ops_(backend) {}

  Tensor zeros(const Shape& shape, DType dtype = DType::f32);
  Tensor random(const Shape& shape);  // normal
  Tensor ints(const Shape& shape, std::span<const int32_t> values);
  Weight trits(const Shape& stack);
  Weight packed(const Shape& stack, DType dtype);

  struct Quantized {
    Tensor q, scales;
  };
  Quantized quantized(int64_t tokens, int64_t cols);

  Status finish() { return ops_.finish(); }

 private:
  template <typename T>
  T take(Result<T> made) {
    if (made.ok()) return *std::move(made);
    ops_.fail(made.status());
    return {};
  }
  Ops ops_;
  uint64_t seed_ = 1;
};

}  // namespace tritium::bench
