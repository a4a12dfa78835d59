#include "cpu_ref/device_steps.h"

#include "base/checked_math.h"

namespace tritium {

Tensor DeviceSteps::take(const Shape& shape, DType dtype) {
  Result<Tensor> made = ops.backend().allocate(shape, dtype, "layer");
  if (!made.ok()) {
    ops.fail(made.status());
    return {};
  }
  return *made;
}

Tensor DeviceSteps::upload(std::span<const float> values, const Shape& shape) {
  Tensor tensor = take(shape);
  if (ops.ok()) ops.upload(tensor, std::as_bytes(values));
  return tensor;
}

Tensor DeviceSteps::product(const Tensor& x, const Weight& weight, const Tensor& expert_ids, InputPrecision precision) {
  const int64_t x_rows = x.shape[0];
  Tensor y = take({expert_ids ? expert_ids.elements() : x_rows, weight.rows});
  if (precision == InputPrecision::f32) {
    if (ops.ok()) ops(TernaryMatmulF32{.x = x, .weight = weight, .expert_ids = expert_ids, .y = y});
    return y;
  }
  const int64_t padded = round_up(weight.cols, TernaryMatrix::kRowAlign);
  const Tensor q = take({x_rows, padded}, DType::i8);
  const Tensor scales = take({x_rows, precision == InputPrecision::int8 ? 1 : padded / 256});
  if (!ops.ok()) return y;
  ops(QuantizeActivations{.x = x, .q = q, .scales = scales});
  ops(TernaryMatmul{.q = q, .scales = scales, .weight = weight, .expert_ids = expert_ids, .y = y});
  return y;
}

Result<std::vector<float>> DeviceSteps::download(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  if (ops.ok()) ops.download(tensor, std::as_writable_bytes(std::span(values)));
  if (Status s = ops.finish(); !s.ok()) return s;
  return values;
}

}  // namespace tritium
