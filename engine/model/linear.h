// Products with weights of any kind, in the session's activation mode. An input that several weights share (q, k, v;
// gate, up) is quantised once.
#pragma once

#include "model/adapters.h"
#include "model/state.h"
#include "ops/ops.h"

namespace tritium {

class LinearInput {
 public:
  // x: f32 (rows, cols). Quantises now if any of `weights` is ternary and the mode is int8.
  LinearInput(Ops& ops, ForwardState& state, const Adapters& adapters, const Tensor& x,
              std::initializer_list<const Weight*> weights);

  // y = x W^T, plus what an adapter of the weight adds; with expert_ids, by the experts chosen (ops/args.h,
  // TernaryMatmul).
  void times(const Weight& weight, const Tensor& y, const Tensor& expert_ids = {}) const;

 private:
  void product(const Weight& weight, const Tensor& y, const Tensor& expert_ids) const;

  Ops& ops_;
  ForwardState& state_;
  const Adapters& adapters_;
  Tensor x_;
  Tensor q_;       // empty when not quantised
  Tensor scales_;  // (rows, blocks)
};

}  // namespace tritium
