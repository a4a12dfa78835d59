// Weights: the tensors of a transformer on a backend, and the one list of them that load, size estimates, export and
// tests visit.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/adapters.h"
#include "model/config.h"
#include "ops/backend.h"
#include "tensor/tensor_map.h"

namespace tritium {

// Shapes as in the file: (rows, cols) or (experts, rows, cols).
struct LayerWeights {
  Tensor attn_norm;      // (dim)
  Weight attn_q;         // (q_dim, dim)
  Weight attn_k;         // (k_dim, dim)
  Weight attn_v;         // (v_dim, dim)
  Tensor attn_q_norm;    // (key_dim) or (q_dim): Config::qk_norm
  Tensor attn_k_norm;    // (key_dim) or (k_dim)
  Tensor attn_sub_norm;  // (n_heads * value_dim)
  Weight attn_output;    // (dim, n_heads * value_dim)
  Tensor ffn_norm;       // (dim)
  Weight ffn_router;     // (n_experts, dim), f32: never quantised
  Weight ffn_gate;       // (ffn_dim, dim) or (n_experts, expert_ffn_dim, dim)
  Weight ffn_up;         // the same
  Tensor ffn_sub_norm;   // (ffn_dim) or (expert_ffn_dim)
  Weight ffn_down;       // (dim, ffn_dim) or (n_experts, dim, expert_ffn_dim)
};

struct Weights {
  Weight token_embd;  // (vocab_size, dim)
  std::vector<LayerWeights> layers;
  Tensor output_norm;  // (dim)
  Weight output;       // (vocab_size, dim); the embedding itself when the file has none

  std::vector<float> rope_factors;  // (rope_dims / 2): frequencies are divided by these; empty: by 1

  Adapters adapters;  // beside the matrices; none unless a file of them was loaded
};

enum class WeightKind {
  norm,    // a vector of f32
  router,  // a small matrix kept in f32
  matrix,  // ternary or dense, as the file has it
};

struct WeightSlot {
  std::string name;            // "blk.3.ffn_up_exps.weight"
  std::vector<int64_t> shape;  // outermost first
  WeightKind kind = WeightKind::matrix;
  bool optional = false;
  // Where it goes: `vector` for norms, `matrix` for the others.
  std::function<Tensor&(Weights&)> vector;
  std::function<Weight&(Weights&)> matrix;
};

// Every tensor that a model of this configuration has, in file order.
std::vector<WeightSlot> weight_slots(const Config& config);

// Checks names and shapes of `source` against the configuration: what is missing, what has another shape, and what the
// model would leave unused (an unused tensor means mathematics that is not done here). Loads nothing.
Status check_tensors(const TensorMap& source, const Config& config);

// What load_weights would make, without memory: enough to plan with. The tensors were checked.
Weights describe_weights(const TensorMap& source, const Config& config);

// A ternary tensor, with bitnet's optional factor of it (blk.0.attn_q.scale) in its scales.
Result<TernaryMatrix> load_trits(const TensorMap& source, const std::string& name);

// check_tensors, then moves everything to the backend. `progress` gets a fraction and may return false to cancel.
// The caller holds backend.mutex().
Result<Weights> load_weights(const TensorMap& source, const Config& config, Backend& backend,
                             const std::function<bool(double)>& progress);

}  // namespace tritium
