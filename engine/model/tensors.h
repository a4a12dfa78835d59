// The one list of a model's tensors: load, size estimates, training, export and tests visit it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "graph/parameter.h"
#include "model/config.h"

namespace tritium {

// What a tensor is for: it decides how it is loaded and trained.
enum class TensorRole {
  embedding,
  attention,
  feed_forward,
  router,  // a small matrix, whose inputs are not quantised
  norm,    // a vector, never quantised
  head,
  adapter,  // of a matrix
};

// Of a layer's projections, each before its own: of what they read.
struct InputNorms {
  const Parameter* attn_q = nullptr;       // (dim)
  const Parameter* attn_k = nullptr;       // (dim)
  const Parameter* attn_v = nullptr;       // (dim)
  const Parameter* attn_output = nullptr;  // (mixed_dim)
  const Parameter* ffn_gate = nullptr;     // (dim)
  const Parameter* ffn_up = nullptr;       // (dim)
  const Parameter* ffn_down = nullptr;     // (ffn_dim)
};

// The parameters of a layer; null where the architecture has none. Shapes as in the file, of the layer.
struct LayerParameters {
  const Parameter* attn_norm = nullptr;      // (dim)
  const Parameter* attn_q = nullptr;         // (q_dim, dim)
  const Parameter* attn_k = nullptr;         // (k_dim, dim)
  const Parameter* attn_v = nullptr;         // (v_dim, dim)
  const Parameter* attn_q_norm = nullptr;    // (key_dim) or (q_dim): Config::qk_norm
  const Parameter* attn_k_norm = nullptr;    // (key_dim) or (k_dim)
  const Parameter* attn_sub_norm = nullptr;  // (mixed_dim)
  const Parameter* attn_output = nullptr;    // (dim, mixed_dim)
  const Parameter* ffn_norm = nullptr;       // (dim)
  const Parameter* ffn_router = nullptr;     // (n_experts, dim)
  const Parameter* ffn_gate = nullptr;       // (ffn_dim, dim) or (n_experts, ffn_dim, dim)
  const Parameter* ffn_up = nullptr;         // the same
  const Parameter* ffn_sub_norm = nullptr;   // (ffn_dim)
  const Parameter* ffn_down = nullptr;       // (dim, ffn_dim) or (n_experts, dim, ffn_dim)
  // Of LabConfig's parts:
  const Parameter* stream_scale = nullptr;     // (dim): x0_mixing
  const Parameter* x0_scale = nullptr;         // (dim)
  const Parameter* skip_scale = nullptr;       // (dim): skips, in the second half
  const Parameter* value_scale = nullptr;      // (1): of the value embedding
  const Parameter* query_gain = nullptr;       // (n_heads)
  const Parameter* attn_scale = nullptr;       // (dim): residual_scales
  const Parameter* ffn_scale = nullptr;        // (dim)
  const Parameter* ffn_router_bias = nullptr;  // (n_experts)
  const Parameter* ffn_gate_shexp = nullptr;   // (shared_ffn_dim, dim): the shared expert
  const Parameter* ffn_up_shexp = nullptr;     // the same
  const Parameter* ffn_down_shexp = nullptr;   // (dim, shared_ffn_dim)
  const Parameter* ple_embd = nullptr;         // (vocab_size, ple_dim): per-layer embedding
  const Parameter* ple_input = nullptr;        // (ple_dim, dim): of the stream before the layers
  const Parameter* ple_norm = nullptr;         // (ple_dim): of what ple_input gives
  const Parameter* ple_gate = nullptr;         // (ple_dim, dim)
  const Parameter* ple_output = nullptr;       // (dim, ple_dim)
  const Parameter* ple_output_norm = nullptr;  // (dim)
  InputNorms input_norms;                      // Config::input_norms
};

struct ModelParameters {
  const Parameter* token_embd = nullptr;  // (vocab_size, dim)
  // Of LabConfig's parts:
  const Parameter* token_embd_norm = nullptr;   // (dim)
  const Parameter* bigram_embd = nullptr;       // (bigram_buckets, bigram_dim)
  const Parameter* bigram_output = nullptr;     // (dim, bigram_dim)
  const Parameter* bigram_scale = nullptr;      // (1)
  const Parameter* smear_gate = nullptr;        // (dim)
  const Parameter* value_embd = nullptr;        // (vocab_size, value_embedding_dim)
  const Parameter* value_output = nullptr;      // (v_dim, value_embedding_dim)
  const Parameter* value_embd_scale = nullptr;  // (1)
  std::vector<LayerParameters> layers;
  const Parameter* output_norm = nullptr;  // (dim)
  const Parameter* output = nullptr;       // (vocab_size, dim); the embedding itself when the file has none
};

struct TensorSpec {
  std::string name;            // "blk.3.ffn_up_exps.weight"
  std::vector<int64_t> shape;  // outermost first
  TensorRole role = TensorRole::feed_forward;
  int64_t layer = 0;  // -1: before the layers; n_layers: after them
  bool optional = false;
  bool to_stream = false;  // what it makes is added to the residual stream
  float initial = 1.0f;    // of a vector that is not loaded
  bool learned = true;     // by its gradient; else by a rule of its own
  bool table = false;      // a token reads one row of it; token_embd: unless it is the head, too
  std::function<const Parameter*&(ModelParameters&)> where;

  bool vector() const { return role == TensorRole::norm; }
  // FP32 in files.
  bool exact() const { return role == TensorRole::norm || role == TensorRole::router; }
  // As a stack of matrices.
  int64_t n_matrices() const { return shape.size() == 3 ? shape[0] : 1; }
  int64_t rows() const { return shape.size() > 1 ? shape[shape.size() - 2] : 1; }
  int64_t cols() const { return shape.back(); }
  int64_t elements() const { return n_matrices() * rows() * cols(); }
};

// Every tensor that a model of this configuration has, in file order.
std::vector<TensorSpec> tensor_specs(const Config& config);

}  // namespace tritium
