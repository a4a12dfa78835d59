// y = x W^T: a product of the tape between an upload and a download.
#include "layers/linear.h"

#include "base/format_text.h"
#include "cpu_ref/reference_backend.h"

namespace tritium {

Result<std::vector<float>> forward_on(Backend& backend, std::span<const float> x, int64_t rows, int64_t cols,
                                      const std::function<Value(Tape&, const Value&)>& f) {
  if (rows < 1 || static_cast<int64_t>(x.size()) != rows * cols)
    return error(StatusCode::invalid_argument, "x has ", x.size(), " values, must have ", rows, " x ", cols);
  const std::lock_guard lock(backend.mutex());
  Ops ops(backend);
  Tape tape(ops);
  const Value input{tape.take({rows, cols}), nullptr};
  ops.upload(input.tensor, std::as_bytes(x));
  const Tensor y = f(tape, input).tensor;
  std::vector<float> values(static_cast<size_t>(y.elements()));
  ops.download(y, std::as_writable_bytes(std::span(values)));
  if (Status s = ops.finish(); !s.ok()) return s;
  return values;
}

Result<CpuLinear> CpuLinear::from_weight(std::span<const float> weight, int64_t out_features, int64_t in_features,
                                         ScaleGranularity granularity, int64_t group_size) {
  Result<TernaryMatrix> matrix =
      TernaryMatrix::from_weights(weight, 1, out_features, in_features, granularity, group_size);
  if (!matrix.ok()) return matrix.status();
  return CpuLinear(*std::move(matrix));
}

Result<CpuLinear> CpuLinear::from_ternary(TernaryMatrix matrix) {
  if (matrix.n_matrices() != 1)
    return error(StatusCode::invalid_argument, "CpuLinear holds one matrix, ", matrix.shape().text(), " is a stack of ",
                 matrix.n_matrices());
  return CpuLinear(std::move(matrix));
}

Result<std::vector<float>> CpuLinear::forward(std::span<const float> x, int64_t rows,
                                              ActivationMode activations) const {
  const std::unique_ptr<Backend> reference = make_reference_backend();
  const Result<TernaryLinear> there = TernaryLinear::from_cpu_linear(*reference, *this);
  return there.ok() ? there->forward(x, rows, activations) : there.status();
}

Result<TernaryLinear> TernaryLinear::from_cpu_linear(Backend& backend, const CpuLinear& linear) {
  const std::lock_guard lock(backend.mutex());
  Result<Weight> weight = backend.upload_weight(linear.matrix(), "TernaryLinear");
  if (!weight.ok()) return weight.status();
  return TernaryLinear(backend, *std::move(weight));
}

Result<std::vector<float>> TernaryLinear::forward(std::span<const float> x, int64_t rows,
                                                  ActivationMode activations) const {
  return forward_on(*backend_, x, rows, in_features(), [&](Tape& tape, const Value& input) {
    return LinearInput(input, activations).times(tape, weight_);
  });
}

}  // namespace tritium
