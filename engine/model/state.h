// ForwardState: what changes while a transformer runs. KV caches, the inputs of a pass, and passes recorded so far.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/config.h"
#include "model/layer.h"
#include "ops/backend.h"
#include "ops/workspace.h"

namespace tritium {

struct Weights;

struct StateOptions {
  int64_t capacity = 0;   // tokens the caches hold, of each sequence
  int64_t sequences = 1;  // that share weights, passes and caches, each with rows of its own
  int64_t batch = 1;      // tokens forwarded at once at most
  ActivationMode activations = ActivationMode::int8_per_token;
  DType cache = DType::f16;  // f16, i8 or f32: what caches are made of where heads fit it (cache_dtype_for)
};

// Where a token stands: below the capacity, and which of the state's sequences it belongs to.
struct TokenPosition {
  int64_t position = 0;
  int64_t sequence = 0;
  TokenPosition(int64_t in_sequence, int64_t of_sequence = 0) : position(in_sequence), sequence(of_sequence) {}
  bool operator==(const TokenPosition&) const = default;
};

// What a pass reads and writes besides weights and caches; a pass of fewer rows uses the first ones.
struct PassTensors {
  Tensor tokens;   // i32 (batch)
  Tensor rows;     // i32 (batch, 2): ops/op.h
  Tensor bigrams;  // i32 (batch): model/bigram.h; of models that have such an embedding
  Tensor wanted;   // i32 (logit_rows): which tokens' logits are wanted
  Tensor logits;   // (logit_rows, vocab_size): they come out here
  Tensor hidden;   // (logit_rows, dim): the normed hidden values of a pass that ends with them
  Tensor best;     // i32 (logit_rows): of a greedy pass, the tokens whose logits are the largest
};

struct PassShape {
  int64_t n_tokens = 0;
  int64_t n_logits = 0;
  int64_t n_steps = 0;  // of Config::order
  bool greedy = false;  // finds the best tokens, too
  bool hidden = false;  // ends with the normed hidden values instead of logits
  // Of one token: greedy, and leaves its token to the next pass (ops/next_token.h).
  bool chained = false;
  int64_t candidates = 0;  // of one token: finds so many of the largest logits (ops/top_candidates.h)
  bool experts = false;    // leaves which experts were chosen in ForwardState::experts
  bool operator==(const PassShape&) const = default;
};

// Ready to run again.
struct RecordedPass {
  PassShape shape;
  std::unique_ptr<Recording> recording;
};

struct ForwardState {
  StateOptions options;
  int64_t logit_rows = 1;        // logits that exist at once
  std::vector<KvCache> caches;   // of each step of Config::order, of one sequence behind the other
  Tensor cos_sin;                // (capacity, rope_dims / 2, 2): the rotation of each position
  Tensor smear_cache;            // (sequences * capacity, dim): LabConfig::smear
  std::vector<int32_t> history;  // the tokens of the caches, where bigrams are hashed
  PassTensors tensors;
  std::unique_ptr<Mailbox> ring;        // the latest tokens of chained passes; made by the first one
  std::unique_ptr<Mailbox> candidates;  // of the latest pass that finds some; likewise
  // i32 (batch, n_experts_used) of each step: what routers chose in the latest pass that tells; likewise. Mailboxes,
  // for operations write to the start of a tensor, and many of them are read after one wait.
  std::vector<std::unique_ptr<Mailbox>> experts;
  std::optional<Workspace> workspace;  // of the largest pass, in which the others find room
  std::vector<RecordedPass> passes;    // the latest first
};

// Of n tokens that follow each other from `first` on: i32 (n, 2), ops/op.h.
std::vector<int32_t> rows_from(const ForwardState& state, TokenPosition first, int64_t n);

// The caller holds backend.mutex().
Result<ForwardState> make_state(const Config& config, const Weights& weights, Backend& backend,
                                const StateOptions& options);

// Bytes that make_state allocates, apart from and for the caches. `weights` may be described only (describe_weights).
struct StateBytes {
  uint64_t activations = 0;
  uint64_t cache_per_token = 0;  // of each sequence, with the rotation of its position
};
Result<StateBytes> state_bytes(const Config& config, const Weights& weights, const StateOptions& options);

}  // namespace tritium
