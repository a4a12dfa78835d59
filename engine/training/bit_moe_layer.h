// BitMoELayer: a mixture of experts whose matrices train as trits; without a router a dense feed-forward part.
//
//   r = x Wr^T;  g = top-k of softmax(r);  y = sum over the chosen e of g_e down_e(act(gate_e x) * up_e x)
//
// The router is never quantised (FP32). Everything that shares the block's alpha is listed in matrices(): what counts
// in it is quantised with it, dropped with it and counted in memory with it.
#pragma once

#include "training/functions.h"
#include "training/scale_group.h"

namespace tritium::training {

// What the router did in the last forward pass.
struct RouterState {
  Tensor logits;  // f32 [T, n_experts]
  Tensor load;    // f32 [n_experts]
};

struct MoeOptions {
  RouterOptions router;
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;  // GatedActivation
  float rms_eps = 1e-5f;
  bool int8_activations = true;
};

// The parts belong to whoever made them, and must outlive the layer and its tapes.
struct BitMoELayer {
  BitLinear* router = nullptr;                // [1, n_experts, dim]; null: dense
  BitLinear* gate = nullptr;                  // [n_experts, width, dim]
  BitLinear* up = nullptr;                    // the same
  BitLinear* down = nullptr;                  // [n_experts, dim, width]
  BitLinear* sub_norm = nullptr;              // [1, 1, width], before down; null: none
  std::vector<BitLinear*> ple_projections{};  // of per-layer embeddings; they share the block's alpha

  // y for normed x [T, dim]. `state`, if given, gets what the router did.
  Value forward(Tape& tape, const Value& x, const MoeOptions& options, RouterState* state = nullptr) const;

  // Those that share an alpha under ScaleSync::per_block.
  std::vector<BitLinear*> matrices() const;
  // Frees the shadows of all of them.
  void drop_shadow() const;

 private:
  Value experts(Tape& tape, const Value& x, const MoeOptions& options, const Tensor& expert_ids) const;
};

}  // namespace tritium::training
