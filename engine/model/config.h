// Config: what a model file says about its transformer, as data. One transformer (model/transformer.h) serves every
// architecture; what differs between them is in here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ops/all.h"
#include "tensor/tensor_map.h"
#include "tritium/status.hpp"

namespace tritium {

// Where queries and keys are RMS-normalised before the rotation.
enum class QkNorm {
  none,
  per_head,  // each head by itself, one weight [head_dim] for all heads
  whole,     // the whole vector of all heads, weight [n_heads * head_dim]
};

// YaRN (Peng et al. 2023): frequencies of long waves are divided by `factor`, those of short ones kept, and between
// them mixed along a ramp; cosines and sines are multiplied by `magnitude`.
struct Yarn {
  double factor = 1.0;  // 1: none
  double original_context = 0.0;
  double beta_fast = 32.0;  // turns within the original context from which on a frequency is kept,
  double beta_slow = 1.0;   // and up to which it is divided
  double magnitude = 1.0;
};

// What may differ from layer to layer.
struct LayerConfig {
  int64_t n_heads = 0;
  int64_t n_kv_heads = 0;
  int64_t key_dim = 0;        // of a head's queries and keys
  int64_t value_dim = 0;      // of a head's values
  int64_t window = 0;         // sliding-window attention over this many tokens; 0: all
  bool rope = true;           // Config::rope_dims of a head's values are rotated
  int64_t ffn_dim = 0;        // of a dense layer, or of one expert
  float swiglu_clamp = 0.0f;  // 0: none
  int64_t ple_dim = 0;        // of a per-layer embedding of the token; 0: none
  // Of tritium-lab:
  int64_t shared_ffn_dim = 0;    // of an expert that every token has, beside the chosen ones; 0: none
  bool exclusive = false;        // attention gives nothing along a token's own value (ops/reject_values.h)
  bool value_embedding = false;  // values get what LabConfig::value_embedding_dim says

  // Read, but nothing computes it yet: refused where it is set.
  int64_t kv_shared_with = -1;  // attends to the keys and values of that layer; -1: to its own

  int64_t q_dim() const { return n_heads * key_dim; }
  int64_t k_dim() const { return n_kv_heads * key_dim; }
  int64_t v_dim() const { return n_kv_heads * value_dim; }
  int64_t mixed_dim() const { return n_heads * value_dim; }  // what attention gives
};

// The parts that only an architecture of our own has, "tritium-lab": each optional, 0 or false means that it is not
// there.
struct LabConfig {
  bool plain_ffn = false;           // down(act(up x)), without a gate
  bool embedding_norm = false;      // an RMSNorm of the embedding, and of what is added to it
  int64_t bigram_buckets = 0;       // a second embedding, of a hash of the token and the one before (model/bigram.h)
  int64_t bigram_dim = 0;           // of its rows, before they are projected
  bool smear = false;               // x + g (x of the token before - x), a learned gate a column
  int64_t value_embedding_dim = 0;  // a further embedding, projected and added to the values of some layers
  bool skips = false;      // the first half of the layers feeds the second one, the last the first, by a scale a column
  bool x0_mixing = false;  // a layer reads a x + b x0, x0 the stream before the layers
  bool residual_scales = false;  // what attention and feed-forward add is scaled by column
  bool query_gain = false;       // queries are scaled by head
  bool router_bias = false;      // of the experts' choice alone (ops/route_tokens.h)
  float logit_cap = 0.0f;        // cap tanh(logits / cap)
};

struct Config {
  std::string architecture;
  std::string name;

  int64_t vocab_size = 0;
  int64_t dim = 0;
  int64_t context_length = 0;
  float rms_eps = 1e-5f;

  RopePairing rope_pairing = RopePairing::halves;
  int64_t rope_dims = 0;  // values of a head that are rotated; 0: none
  double rope_base = 10000.0;
  double rope_scale = 1.0;  // positions are divided by it (linear scaling)
  Yarn yarn;

  QkNorm qk_norm = QkNorm::none;
  bool qk_norm_after_rope = false;
  bool attn_sub_norm = false;  // RMSNorm before the attention's output projection
  bool ffn_sub_norm = false;   // RMSNorm before ffn_down
  bool input_norms = false;    // an RMSNorm of its own before each projection (BitNet-Embedding)

  GateActivation activation = GateActivation::silu;
  int64_t n_experts = 0;
  int64_t n_experts_used = 0;
  bool renormalize_experts = true;
  float expert_scale = 1.0f;

  std::vector<LayerConfig> layers;
  // The layers in the order in which they compute, some of them several times.
  std::vector<int64_t> order;
  LabConfig lab;

  bool moe() const { return n_experts > 0; }
  // How many experts compute for a token, in all steps of `order` together.
  int64_t n_choices() const { return moe() ? static_cast<int64_t>(order.size()) * n_experts_used : 0; }
  int64_t n_layers() const { return static_cast<int64_t>(layers.size()); }
  // The layer whose result is added to what `layer` reads (LabConfig::skips): of n / 2 pairs, the inner ones first; -1:
  // none.
  int64_t skip_source(int64_t layer) const {
    const int64_t pairs = n_layers() / 2, source = 2 * pairs - 1 - layer;
    return lab.skips && layer >= pairs && source >= 0 ? source : -1;
  }
};

// Errors name the source, the key and what was expected; an architecture, or a transform announced in the metadata,
// that is not implemented is `unsupported` with the list of what is.
Result<Config> read_config(const TensorMap& source);

// "bitnet, bitnet-b1.58, …"
std::string supported_architectures();

}  // namespace tritium
