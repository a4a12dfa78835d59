#include "bench/case_tensors.h"

#include "base/checked_math.h"
#include "base/counter_rng.h"

namespace tritium::bench {

Tensor CaseTensors::zeros(const Shape& shape, DType dtype) {
  return ops_.ok() ? take(ops_.backend().allocate(shape, dtype, "bench")) : Tensor();
}

Tensor CaseTensors::random(const Shape& shape) {
  Tensor tensor = zeros(shape);
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  ++seed_;
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random_normal(seed_, i));
  ops_.upload(tensor, std::as_bytes(std::span(values)));
  return tensor;
}

Tensor CaseTensors::ints(const Shape& shape, std::span<const int32_t> values) {
  Tensor tensor = zeros(shape, DType::i32);
  ops_.upload(tensor, std::as_bytes(values));
  return tensor;
}

Weight CaseTensors::trits(const Shape& stack) {
  return ops_.ok() ? take(ops_.backend().upload_rows(*random_trits(stack, ++seed_), "bench")) : Weight();
}

Weight CaseTensors::packed(const Shape& stack, DType dtype) {
  return ops_.ok() ? take(ops_.backend().upload_rows(*random_rows(stack, dtype, ++seed_), "bench")) : Weight();
}

CaseTensors::Quantized CaseTensors::quantized(int64_t tokens, int64_t cols) {
  const Tensor x = random({tokens, cols});
  Quantized result = {zeros({tokens, round_up(cols, TernaryMatrix::kRowAlign)}, DType::i8), zeros({tokens, 1})};
  ops_(QuantizeActivations{.x = x, .q = result.q, .scales = result.scales});
  return result;
}

}  // namespace tritium::bench
