#include "cpu_ref/ternary_linear.h"

#include <mutex>

#include "base/format_text.h"
#include "cpu_ref/device_steps.h"

namespace tritium {

Result<TernaryLinear> TernaryLinear::from_cpu_linear(Backend& backend, const CpuLinear& linear) {
  const std::lock_guard lock(backend.mutex());
  Result<Weight> weight = backend.upload_weight(linear.matrix(), "TernaryLinear");
  if (!weight.ok()) return weight.status();
  return TernaryLinear(backend, *std::move(weight));
}

Result<std::vector<float>> TernaryLinear::forward(std::span<const float> x, int64_t rows,
                                                  InputPrecision precision) const {
  if (rows < 1 || static_cast<int64_t>(x.size()) != rows * in_features())
    return error(StatusCode::invalid_argument, "x has ", x.size(), " values, must have ", rows, " x ", in_features());
  const std::lock_guard lock(backend_->mutex());
  DeviceSteps steps(*backend_);
  const Tensor input = steps.upload(x, {rows, in_features()});
  return steps.download(steps.ops.ok() ? steps.product(input, weight_, {}, precision) : input);
}

}  // namespace tritium
