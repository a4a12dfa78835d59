// The functions of a transformer on a tape: each runs operations and leaves their gradients to be computed later.
#pragma once

#include <optional>

#include "graph/parameter.h"
#include "graph/tape.h"

namespace tritium {

// Rows of the table of the given tokens. [T, dim]
Value embedding(Tape& tape, const Parameter& table, const Tensor& tokens);

// `weight` has one row. In `into` if it is given.
Value rms_norm(Tape& tape, const Value& x, const Parameter& weight, float eps, const Tensor& into = {});

Value add(Tape& tape, const Value& a, const Value& b);

// a + scale b, in `into` if it is given
Value add_scaled(Tape& tape, const Value& a, const Value& b, float scale, const Tensor& into = {});

struct Rotation {
  Tensor rows;     // i32 [T, 2] (ops/op.h)
  Tensor cos_sin;  // of each position
  RopePairing pairing = RopePairing::halves;
};
Value rope(Tape& tape, const Value& x, const Rotation& rotation);  // [T, heads, head_dim]

struct AttentionShape {
  Tensor rows;  // i32 [T, 2]: of whole sequences of equal length, one after another
  int64_t n_sequences = 1;
  int64_t window = 0;
  float scale = 1.0f;
};
Value attention(Tape& tape, const Value& q, const Value& k, const Value& v, const AttentionShape& shape);
// Stores k and v in the caches, and attends to all that they hold. It has no gradient.
Value attention_over_cache(Tape& tape, const Value& q, const Value& k, const Value& v, const KvCache& cache,
                           const AttentionShape& shape);

Value gated_activation(Tape& tape, const Value& gate, const Value& up, GateActivation activation, float clamp);
Value activation(Tape& tape, const Value& x, GateActivation activation);

// How the inputs of products with quantised weights are given.
enum class ActivationMode { int8_per_token, int8_per_block, f32 };

// The input of one or several products (q, k, v; gate, up): quantised once, if any of them wants int8 codes. The codes'
// gradient passes straight through.
class LinearInput {
 public:
  LinearInput(const Value& x, ActivationMode mode) : x_(x), mode_(mode) {}

  // y = x W^T, and what an adapter adds; with expert_ids, row r by the matrix chosen for it (ops/ternary_matmul.h). In
  // `into` if it is given. `weight` outlives the tape.
  Value times(Tape& tape, const Parameter& weight, const Tensor& expert_ids = {}, const Tensor& into = {});

 private:
  void quantize(Tape& tape);
  Value product(Tape& tape, const Parameter& weight, const Tensor& expert_ids, const Tensor& into);

  Value x_;
  ActivationMode mode_;
  Tensor q_, scales_;
  Tensor rounded_;  // the int8 codes as floats, for weights that are quantised but not packed
};

struct RouterOptions {
  int64_t top_k = 1;
  bool renormalize = true;
  float scale = 1.0f;
  float balance = 0.0f;  // coefficients of the losses (RouteTokensBackward)
  float z_loss = 0.0f;
  Tensor bias{};        // f32 [n_experts]: of the choice alone
  Tensor load{};        // f32 [n_experts]: the load comes here; none: it is made where a gradient needs it
  Tensor expert_ids{};  // i32 [T, top_k]: the choice comes here; none: it is a temporary
};
struct Routing {
  Value weights;      // [T, k]
  Tensor expert_ids;  // i32 [T, k]
  Tensor load;        // f32 [n_experts], or none
};
Routing route_tokens(Tape& tape, const Value& logits, const RouterOptions& options);
Value combine_experts(Tape& tape, const Value& x, const Routing& routing);

}  // namespace tritium
