// ForwardState: what changes while a transformer runs. KV caches, and the activations of one batch of tokens.
#pragma once

#include <span>
#include <vector>

#include "model/config.h"
#include "ops/backend.h"

namespace tritium {

struct LayerCache {
  Tensor k;  // f32 (capacity, n_kv_heads, key_dim)
  Tensor v;  // f32 (capacity, n_kv_heads, value_dim)
};

// How the inputs of ternary products are given.
enum class ActivationMode { int8_per_token, int8_per_block, f32 };

struct StateOptions {
  int64_t capacity = 0;  // tokens the caches hold
  int64_t batch = 1;     // tokens forwarded at once at most
  ActivationMode activations = ActivationMode::int8_per_token;
  int64_t adapter_rank = 0;  // Adapters::rank and …
  int64_t adapter_rows = 0;  // … rows, of the model's adapters
};

// Activations, sized for `batch` tokens; a forward of fewer uses the first rows. N = batch, S = slots: batch * k.
struct ActivationBuffers {
  Tensor tokens;               // i32 (N)
  Tensor rows;                 // i32 (N, 2): ops/op.h
  Tensor x;                    // (N, dim): the residual stream before a block …
  Tensor x_mid;                // … and between its attention and its feed-forward part
  Tensor normed;               // (N, dim)
  Tensor q, k, v;              // (N, q_dim), (N, k_dim), (N, v_dim)
  Tensor q2, k2;               // the same: targets of norm and rotation
  Tensor mixed;                // (N, n_heads * value_dim): attention's output
  Tensor mixed2;               // the same, after attn_sub_norm
  Tensor branch;               // (N, dim): what a part adds to the stream
  Tensor router;               // (N, n_experts)
  Tensor expert_ids;           // i32 (N, k)
  Tensor expert_weights;       // (N, k)
  Tensor gate, up, act, act2;  // (S, width): dense: S = N
  Tensor expert_out;           // (S, dim)
  Tensor adapter_low;          // (S, rank): A x of an adapter …
  Tensor adapter_out;          // (S, rows): … and B (A x)
};

// The int8 form of one input at a time; large enough for the widest.
struct QuantizedInput {
  Tensor q;       // i8 (rows, padded_cols)
  Tensor scales;  // f32 (rows, blocks)
};

struct ForwardState {
  StateOptions options;
  std::vector<LayerCache> caches;
  Tensor cos_sin;  // (capacity, rope_dims / 2, 2): the rotation of each position
  ActivationBuffers act;
  QuantizedInput quantized;  // flat; shaped for each use
  Tensor last_rows;          // i32 (logit_rows): which tokens' logits are wanted
  Tensor selected;           // (logit_rows, dim)
  Tensor selected_normed;    // (logit_rows, dim)
  Tensor logits;             // (logit_rows, vocab_size)
  int64_t logit_rows = 1;
};

// The caller holds backend.mutex().
// rope_factors as in Weights.
Result<ForwardState> make_state(const Config& config, std::span<const float> rope_factors, Backend& backend,
                                const StateOptions& options);

// Bytes that make_state allocates, apart from and for the caches.
struct StateBytes {
  uint64_t activations = 0;
  uint64_t cache_per_token = 0;  // and the rotations
};
StateBytes state_bytes(const Config& config, const StateOptions& options);

}  // namespace tritium
