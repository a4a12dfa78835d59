// The two halves of a transformer layer, as functions of the residual stream: of inference and of training.
#pragma once

#include <vector>

#include "graph/functions.h"
#include "model/config.h"
#include "model/tensors.h"

namespace tritium {

// What a router did in a pass, where somebody looks at it.
struct RouterState {
  Tensor logits;      // f32 [R, n_experts]
  Tensor load;        // f32 [n_experts]
  Tensor expert_ids;  // i32 [R, n_experts_used]
};

// What a layer gets of the embeddings beside the stream (LabConfig); none: null values.
struct LayerEmbeddings {
  Value values;   // [R, v_dim]: added to its values, scaled
  Tensor tokens;  // i32 [R]: of its per-layer embedding
  Value x0;       // [R, dim]: the stream before the layers, of which that embedding has a part
};

// Everything a layer needs beside the stream. R rows: the tokens of the pass.
struct LayerContext {
  Tape& tape;
  const Config& config;
  const LayerConfig& layer_config;
  const LayerParameters& parameters;
  const KvCache* cache;      // null: the pass has whole sequences, and attends to its own keys and values
  const Rotation& rotation;  // with the rows of the tokens
  int64_t n_sequences = 1;   // without a cache: of equal length
  ActivationMode activations = ActivationMode::int8_per_token;
  float balance = 0.0f;  // losses of the router
  float z_loss = 0.0f;
  RouterState router{};  // what the router does comes here; none: it is not kept
  LayerEmbeddings embeddings{};
};

// What the projections of a layer read: all the same, or each one by a norm of its own (Config::input_norms).
class ProjectionInput {
 public:
  ProjectionInput(const LayerContext& c, const Value& x) : c_(c), x_(x), shared_(x, c.activations) {}
  Value times(const Parameter& weight, const Parameter* norm, const Tensor& expert_ids = {}) {
    if (!norm) return shared_.times(c_.tape, weight, expert_ids);
    return LinearInput(rms_norm(c_.tape, x_, *norm, c_.config.rms_eps), c_.activations)
        .times(c_.tape, weight, expert_ids);
  }

 private:
  const LayerContext& c_;
  Value x_;
  LinearInput shared_;
};

// x + attention(norm(x)); x is (R, dim)
Value attention_part(const LayerContext& c, const Value& x);

// x + ffn(norm(x)): dense, or a mixture of experts
Value feed_forward_part(const LayerContext& c, const Value& x);

// Both, and what a per-layer embedding adds behind them (Gemma 3n): x + norm(W_o (act(W_g x) * e)),
// e = (table[token] + norm(W_i x0)) / sqrt(2).
Value transformer_layer(const LayerContext& c, const Value& x);

// g = the top k of softmax(x Wr^T)
Routing route_to_experts(const LayerContext& c, const Value& x);
// sum over the chosen experts, g_e * expert_e(x)
Value mixture_of_experts(const LayerContext& c, const Value& x);

}  // namespace tritium
