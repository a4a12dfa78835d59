// Products with weights of any kind, in a pass's activation mode. An input that several weights share (q, k, v; gate,
// up) is quantised once.
#pragma once

#include "model/adapters.h"
#include "model/state.h"
#include "ops/ops.h"

namespace tritium {

class LinearInput {
 public:
  // x: f32 (rows, cols). Quantises now if any of `weights` is ternary and the mode is int8.
  LinearInput(Ops& ops, const Adapters& adapters, ActivationMode mode, const Tensor& x,
              std::initializer_list<const Weight*> weights);

  // x W^T, plus what an adapter of the weight adds; with expert_ids, by the experts chosen (ops/ternary_matmul.h). In
  // `y` if one is given.
  Tensor times(const Weight& weight, const Tensor& expert_ids = {}, const Tensor& y = {}) const;

 private:
  Tensor output(const Tensor& x, const Weight& weight, const Tensor& expert_ids) const;
  void product(const Weight& weight, const Tensor& expert_ids, const Tensor& y) const;
  Tensor dense(const Tensor& x, const Weight& weight, const Tensor& expert_ids) const;

  Ops& ops_;
  const Adapters& adapters_;
  Tensor x_;
  Tensor q_;       // empty when not quantised
  Tensor scales_;  // (rows, blocks)
};

}  // namespace tritium
