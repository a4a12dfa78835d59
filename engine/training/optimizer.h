// Optimisers: one pass over each parameter reads gradient, states and shadow once and writes them once
// (ops/training_args.h has the formulas).
#pragma once

#include "training/arena.h"
#include "training/transformer.h"

namespace tritium::training {

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  float beta1 = 0.9f;  // sgd: the momentum
  float beta2 = 0.95f;
  float eps = 1e-8f;
  float weight_decay = 0.0f;                 // of matrices
  bool states_8bit = false;                  // of parameters with at least 4096 weights
  Rounding rounding = Rounding::stochastic;  // of BF16 shadows
  float noise_scale = 0.0f;                  // boundary noise
  float noise_zone = 0.1f;
  uint32_t seed = 0;
};

// One step's numbers.
struct StepOptions {
  int64_t step = 1;  // from 1
  float learning_rate = 1e-3f;
  float weight_decay = 0.0f;
  float gradient_scale = 1.0f;
  float noise_scale = 0.0f;
  float lambda = 1.0f;  // Transformer::requantize
};

class Optimizer {
 public:
  Optimizer(Transformer& model, const OptimizerOptions& options) : model_(model), options_(options) {}

  // Memory for gradients and states of everything that trains.
  Status allocate(Backend& backend);
  // Sums of |shadow| and alphas of the weights as they are, and trits of those that came as floats.
  void start(Ops& ops, Arena& arena, float lambda);
  // Global norm of the gradients.
  double gradient_norm(Ops& ops, Arena& arena) const;
  // Updates every parameter, then alphas and trits; clears the gradients.
  void step(Ops& ops, Arena& arena, const StepOptions& options);

  // Bytes a trained weight takes, all parameters together: shadow, states, gradient, trits and scales.
  uint64_t bytes() const;

 private:
  void update(Ops& ops, size_t index, const StepOptions& options, const ScaleGroup* group) const;
  const ScaleGroup* group_of(const BitLinear* parameter) const;

  Transformer& model_;
  OptimizerOptions options_;
};

}  // namespace tritium::training
