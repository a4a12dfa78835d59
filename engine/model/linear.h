// Products with weights of any kind, in the session's activation mode. An input that several weights share (q, k, v;
// gate, up) is quantised once.
#pragma once

#include "model/state.h"
#include "ops/ops.h"

namespace tritium {

class LinearInput {
 public:
  // x: f32 (rows, cols). Quantises now if any of `weights` is ternary and the mode is int8.
  LinearInput(Ops& ops, ForwardState& state, const Tensor& x, std::initializer_list<const Weight*> weights);

  // y = x W^T; with expert_ids, by the experts chosen (ops/args.h, TernaryMatmulArgs).
  void times(const Weight& weight, const Tensor& y, const Tensor& expert_ids = {}) const;

 private:
  Ops& ops_;
  Tensor x_;
  Tensor q_;       // empty when not quantised
  Tensor scales_;  // (rows, blocks)
};

}  // namespace tritium
