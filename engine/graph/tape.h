// Tape: what a forward pass did, so that its gradient can be computed in reverse. Functions of the tape (functions.h)
// run an operation and leave behind a closure that runs its backward operation.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ops/ops.h"

namespace tritium {

// The gradient of the loss with respect to a value: made when the first consumer of the value writes it.
struct Gradient {
  Tensor tensor;
};

// A tensor of the forward pass. Copies and views share the gradient; without one (a constant) nothing flows back.
struct Value {
  Tensor tensor;
  std::shared_ptr<Gradient> gradient;

  Value view(const Shape& shape) const { return {tensor.view(shape), gradient}; }
};

class Tape {
 public:
  // Of a training pass. recording false: forward only; values carry no gradients and nothing is kept.
  Tape(Ops& ops, bool recording) : ops_(ops), recording_(recording) {}
  // Of inference: forward only, rounded as results that become int8 codes must be.
  explicit Tape(Ops& ops) : ops_(ops), recording_(false), single_precision_(false) {}

  // For a part that needs no gradient, or that is computed once more for it.
  Tape forward_only() const { return Tape(*this, false); }
  Tape again() const { return Tape(*this, true); }

  Ops& ops() { return ops_; }
  Tensor take(const Shape& shape, DType dtype = DType::f32) { return ops_.temporary(shape, dtype); }
  bool recording() const { return recording_; }
  bool single_precision() const { return single_precision_; }

  // Of an operation's result; in `into` if it is given.
  Value make(const Shape& shape, const Tensor& into = {});
  // Runs in backward(), in reverse order, and is forgotten then.
  void on_backward(std::function<void()> step);
  void backward();

  // Calls write(target, accumulate) with the tensor that gets a value's gradient: `accumulate` when there is one
  // already that must be added to. Nothing for a constant.
  void add_gradient(const Value& value, const std::function<void(const Tensor&, bool)>& write);
  // For operations that cannot accumulate: write(target) gets memory of its own where needed.
  void add_gradient(const Value& value, const std::function<void(const Tensor&)>& write);
  // For y = value + …, when everything else that reads y's gradient has: the value's is the same, in the same memory
  // where it has none yet.
  void share_gradient(const Value& value, const Value& y);

 private:
  Tape(const Tape& other, bool recording)
      : ops_(other.ops_), recording_(recording), single_precision_(other.single_precision_) {}

  Ops& ops_;
  bool recording_;
  bool single_precision_ = true;
  std::vector<std::function<void()>> steps_;
};

}  // namespace tritium
