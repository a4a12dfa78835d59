// The functions of a transformer on a tape: each runs operations and leaves their gradients to be computed later.
#pragma once

#include <optional>

#include "training/bit_linear.h"
#include "training/tape.h"

namespace tritium::training {

// Rows of the table of the given tokens. [T, dim]
Value embedding(Tape& tape, BitLinear& table, const Tensor& tokens);

// `weight` has one row.
Value rms_norm(Tape& tape, const Value& x, BitLinear& weight, float eps);

Value add(Tape& tape, const Value& a, const Value& b);

// a + scale b
Value add_scaled(Tape& tape, const Value& a, const Value& b, float scale);

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

Value gated_activation(Tape& tape, const Value& gate, const Value& up, GateActivation activation, float clamp);

// The input of one or several products: quantised to int8 once, if any of them wants it.
class LinearInput {
 public:
  // int8: quantised weights multiply int8 codes of x (per token), and pass its gradient straight through.
  LinearInput(const Value& x, bool int8) : x_(x), int8_(int8) {}

  // y = x W^T, and what an adapter adds; with expert_ids, row r by the matrix chosen for it (TernaryMatmul).
  // `layer` outlives the tape.
  Value times(Tape& tape, BitLinear& layer, const Tensor& expert_ids = {});

 private:
  void quantize(Tape& tape);
  Value product(Tape& tape, BitLinear& layer, const Tensor& expert_ids);

  Value x_;
  bool int8_;
  Tensor q_, scales_;
  Tensor rounded_;  // the int8 codes as floats, for weights that are quantised but not packed
};

struct RouterOptions {
  int64_t top_k = 1;
  bool renormalize = true;
  float scale = 1.0f;
  float balance = 0.0f;  // coefficients of the losses (RouteTokensBackward)
  float z_loss = 0.0f;
};
struct Routing {
  Value weights;      // [T, k]
  Tensor expert_ids;  // i32 [T, k]
  Tensor load;        // f32 [n_experts]
};
Routing route_tokens(Tape& tape, const Value& logits, const RouterOptions& options);
Value combine_experts(Tape& tape, const Value& x, const Routing& routing);

}  // namespace tritium::training
