#include "graph/tape.h"

namespace tritium {

Value Tape::make(const Shape& shape, const Tensor& into) {
  return {into ? into : take(shape), recording_ ? std::make_shared<Gradient>() : nullptr};
}

void Tape::on_backward(std::function<void()> step) {
  if (recording_) steps_.push_back(std::move(step));
}

void Tape::backward() {
  while (!steps_.empty() && ops_.ok()) {
    const std::function<void()> step = std::move(steps_.back());
    steps_.pop_back();
    step();  // what only it held (activations, gradients) is free again afterwards
  }
  steps_.clear();
}

void Tape::add_gradient(const Value& value, const std::function<void(const Tensor&, bool)>& write) {
  if (!value.gradient) return;
  const bool accumulate = static_cast<bool>(value.gradient->tensor);
  if (!accumulate) value.gradient->tensor = take(value.tensor.shape);
  if (ops_.ok()) write(value.gradient->tensor.view(value.tensor.shape), accumulate);
}

void Tape::add_gradient(const Value& value, const std::function<void(const Tensor&)>& write) {
  if (!value.gradient) return;
  if (!value.gradient->tensor) {
    value.gradient->tensor = take(value.tensor.shape);
    if (ops_.ok()) write(value.gradient->tensor);
    return;
  }
  const Tensor before = value.gradient->tensor.view(value.tensor.shape);
  const Tensor part = take(value.tensor.shape);
  if (!ops_.ok()) return;
  write(part);
  ops_(Add{.a = before, .b = part, .y = before});
}

void Tape::share_gradient(const Value& value, const Value& y) {
  if (!value.gradient) return;
  if (!value.gradient->tensor) {
    value.gradient->tensor = y.gradient->tensor;
    return;
  }
  const Tensor before = value.gradient->tensor.view(y.tensor.shape);
  ops_(Add{.a = before, .b = y.gradient->tensor.view(y.tensor.shape), .y = before});
}

}  // namespace tritium
