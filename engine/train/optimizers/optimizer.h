// Optimisers: one pass over each parameter reads gradient, states and shadow once and writes them once
// (ops/adamw_update.h and ops/sgd_update.h have the formulas), for some after passes that make of the gradient a
// direction (muon.h, ops/factored_direction.h).
#pragma once

#include <functional>
#include <map>

#include "train/optimizers/muon.h"
#include "train/transformer.h"

namespace tritium::training {

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  float beta1 = 0.9f;
  float beta2 = 0.95f;
  float eps = 1e-8f;
  float momentum = 0.95f;  // of sgd and muon
  MuonOptions muon;
  bool states_8bit = false;                  // of parameters with at least 4096 weights
  Rounding rounding = Rounding::stochastic;  // of BF16 and int8 shadows
  float noise_zone = 0.1f;                   // of boundary noise
  float ste_clip = 0.0f;                     // clipped straight-through, in alphas; 0: identity
  uint32_t seed = 0;
  // Ternary weights learn at this times their mean alpha at the start times the learning rate; 0: at the learning rate.
  // Below 0: that, for weights that came as trits; the others at the learning rate.
  float alpha_rate = 0.0f;
  float weight_decay = 0.0f;  // of matrices
  // Gradients live for a layer at a time: update_by_layer() in place of step().
  bool by_layer = false;
};

// One step's numbers.
struct StepOptions {
  int64_t step = 1;  // from 1
  float learning_rate = 1e-3f;
  float momentum = -1.0f;     // below 0: OptimizerOptions::momentum
  float weight_decay = 1.0f;  // what there is of OptimizerOptions::weight_decay
  float gradient_scale = 1.0f;
  float noise_scale = 0.0f;
  float lambda = 1.0f;  // Transformer::requantize
};

// What updates a parameter: muon takes matrices of layers; what it cannot update (norms, routers, embedding, head,
// sides that are no multiples of 8) goes by adamw.
OptimizerKind optimizer_of(OptimizerKind wanted, TensorRole role, int64_t rows, int64_t cols);

// Of everything that is kept for the parameters.
struct ParameterBytes {
  uint64_t shadows = 0, states = 0, gradients = 0, trits = 0, averages = 0;
  uint64_t to_train() const { return shadows + states + gradients + trits; }
};

class Optimizer {
 public:
  Optimizer(Ops& ops, Transformer& model, const OptimizerOptions& options)
      : ops_(ops), model_(model), options_(options), muon_(options.muon) {}

  // Memory for states, and for the gradients of everything that trains (by_layer: of the largest layers).
  void allocate(Allocator& allocator);
  // Sums of |shadow| and alphas of the weights as they are; trits of those that came as floats.
  void start(Workspace& workspace, float lambda);
  // Global norm of the gradients; by_layer: of those of the last step.
  double gradient_norm(Workspace& workspace);
  // Updates every parameter, then alphas and trits; clears the gradients.
  void step(Workspace& workspace, const StepOptions& options);
  // For the loss() that comes next: updates each layer when its gradients are there and gives their memory to the next
  // one. Valid until the next call.
  const LayerUpdate& update_by_layer(const StepOptions& options);

  // What start() and step() run. soft: lambda is below 1.
  void record_start(Ops& ops);
  void record_step(Ops& ops, bool soft);
  LayerUpdate layer_update(bool soft);

  ParameterBytes bytes() const;

 private:
  void set_step(const StepOptions& options);
  void record_layer(Ops& ops, int64_t layer, bool soft);
  void record_adapted(Ops& ops, int64_t layer);
  static void measure_shadow(Ops& ops, const BitLinear& parameter, const Tensor& no_gradient);
  void record_update(Ops& ops, const BitLinear& parameter, bool soft);
  void record_shadow(Ops& ops, const BitLinear& parameter, const ShadowUpdate& shadow);
  ShadowUpdate change_of(const BitLinear& parameter) const;
  ShadowUpdate shadow_update(const BitLinear& parameter, bool soft) const;
  void adamw(Ops& ops, const BitLinear& parameter, const ShadowUpdate& shadow) const;
  void sgd(Ops& ops, const BitLinear& parameter, const ShadowUpdate& shadow) const;
  void muon(Ops& ops, const BitLinear& parameter, const ShadowUpdate& shadow) const;
  void adalomo(Ops& ops, const BitLinear& parameter, const ShadowUpdate& shadow) const;

  void allocate_states(Allocator& allocator, BitLinear& parameter);
  void allocate_shared(Allocator& allocator);
  // alpha_rate for those that share alphas, once these are known.
  void measure_rates();
  void scale_rates(const WeightQuantizer& quantizer);
  void scale_rate(const BitLinear& parameter);  // of one without a shadow
  float rate_of(const BitLinear& parameter) const;
  float decay_of(const BitLinear& p) const { return p.rows > 1 ? options_.weight_decay : 0.0f; }
  uint32_t stream_of(const BitLinear& parameter) const;
  Tensor take_gradient(const BitLinear& parameter);
  void lease_gradients(int64_t layer);
  void return_gradients(int64_t layer);
  void measure(Ops& ops, const BitLinear& parameter) const;

  Ops& ops_;
  Transformer& model_;
  OptimizerOptions options_;
  Muon muon_;
  std::map<const BitLinear*, float> rate_;  // learning rates, relative; 1 where there is none
  // by_layer: gradients that are not in use, by their elements; all zeros, as the pass leaves them.
  std::multimap<int64_t, Tensor> spare_;
  std::map<int64_t, Tensor> changes_;  // for weights without a shadow, by their elements; all zeros, likewise
  uint64_t shared_bytes_ = 0;          // of those, once they were all made
  Tensor squares_;                     // f32 [n parameters]: of the last gradients

  std::unique_ptr<Recording> measure_;  // null: by_layer
  std::unique_ptr<Recording> step_;
  bool started_ = false;
  std::pair<uint64_t, bool> recorded_for_;  // Transformer::structure(), soft
  LayerUpdate update_;
};

}  // namespace tritium::training
