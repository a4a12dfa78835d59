// The arguments of the operations of a forward pass, one struct each: name, tensors, shapes, formula.
//
// R: rows (tokens, or token x expert slots); shapes in comments are what ops/checks.cpp verifies.
#pragma once

#include <string_view>

#include "ops/tensor.h"

namespace tritium {

// sum_of_bf16: an output that adds up values which were rounded to bf16 before.
enum class TensorRole { input, output, in_out, sum_of_bf16 };

// y[t] = table[tokens[t]]
struct EmbeddingArgs {
  static constexpr std::string_view kName = "embedding";
  Weight table;   // (vocab, dim), dense or ternary
  Tensor tokens;  // i32 [T], each in 0..vocab-1 (the caller checks values)
  Tensor y;       // f32 [T, dim]
};

// y = x / sqrt(mean(x^2) + eps) * weight, over the last dimension. Zhang & Sennrich 2019.
struct RmsNormArgs {
  static constexpr std::string_view kName = "rms_norm";
  Tensor x;       // f32 [R, dim]
  Tensor weight;  // f32 [dim]
  Tensor y;       // f32 [R, dim]
  float eps = 1e-5f;
};

// q = clip(round_half_even(x * (127 / m)), -127, 127), scale = m / 127 (as m * (1/127)), m = max |x| over the block.
// A block of zeros has scale 0 and q 0. Columns from cols to padded_cols become 0.
struct QuantizeActivationsArgs {
  static constexpr std::string_view kName = "quantize_activations";
  Tensor x;       // f32 [R, cols]
  Tensor q;       // i8  [R, padded_cols], padded_cols = cols rounded up to TernaryMatrix::kRowAlign
  Tensor scales;  // f32 [R, n_blocks], n_blocks = 1 (per token) or padded_cols / 256 (per block of 256)
};

// Int8 activations times trits. With segments = the finer of activation blocks and weight groups, in ascending order:
//   y[r, n] = sum over segments (w_scale * x_scale) * float(sum over the segment of trit * q)
// The inner sums are integers and the outer one is a plain float loop without contraction: bit-identical everywhere.
// Experts: with expert_ids [T, k], R = T * k, output row r uses matrix expert_ids[r] and input row r (x has R rows)
// or r / k (x has T rows). A negative or out-of-range id gives a row of zeros.
struct TernaryMatmulArgs {
  static constexpr std::string_view kName = "ternary_matmul";
  Tensor q;           // i8 [X, padded_cols]
  Tensor scales;      // f32 [X, n_blocks]
  Weight weight;      // trit2 (n_matrices, rows, cols)
  Tensor expert_ids;  // i32 [T, k], or none: matrix 0 for all, R == X
  Tensor y;           // f32 [R, rows]
};

// The same product with f32 activations and f32 accumulation (accuracy checks, training). Same use of expert_ids.
struct TernaryMatmulF32Args {
  static constexpr std::string_view kName = "ternary_matmul_f32";
  Tensor x;       // f32 [X, cols]
  Weight weight;  // trit2
  Tensor expert_ids;
  Tensor y;  // f32 [R, rows]
};

// y = x W^T with dense weights, f32 accumulation. Same use of expert_ids.
struct DenseMatmulArgs {
  static constexpr std::string_view kName = "dense_matmul";
  Tensor x;       // f32 [X, cols]
  Weight weight;  // f32, f16 or bf16
  Tensor expert_ids;
  Tensor y;  // f32 [R, rows]
  // Of a CPU: whether sums may be rounded at every step. Training's products may; a forward pass whose results are
  // quantised to int8 later must round as the reference does, or one flipped code shows in the logits.
  bool single_precision = false;
};

enum class RopePairing : uint32_t {
  interleaved = 0,  // (0,1) (2,3) …  llama's "NORM"
  halves = 1,       // (0,n/2) (1,n/2+1) …  NEOX
};

// Rotates the first n = 2 * cos_sin.shape[1] values of each head; the rest is copied. Su et al. 2021.
//   (a, b) -> (a cos - b sin, a sin + b cos)
struct RopeArgs {
  static constexpr std::string_view kName = "rope";
  Tensor x;        // f32 [T, n_heads, head_dim]
  Tensor cos_sin;  // f32 [T, n/2, 2], computed on the host in double precision
  Tensor y;        // f32 [T, n_heads, head_dim]
  RopePairing pairing = RopePairing::halves;
};

// Writes row t of k and v to row position + t of the caches.
struct StoreKvArgs {
  static constexpr std::string_view kName = "store_kv";
  Tensor k;        // f32 [T, n_kv_heads, key_dim]
  Tensor v;        // f32 [T, n_kv_heads, value_dim]
  Tensor k_cache;  // f32 [capacity, n_kv_heads, key_dim]
  Tensor v_cache;  // f32 [capacity, n_kv_heads, value_dim]
  int64_t position = 0;
};

// Causal grouped-query attention: query t at position p = position + t sees keys j with p - window < j <= p
// (window 0: all j <= p); query head h reads kv head h / (n_heads / n_kv_heads).
//   y = softmax(scale * q k^T) v
struct AttentionArgs {
  static constexpr std::string_view kName = "attention";
  Tensor q;        // f32 [T, n_heads, key_dim]
  Tensor k_cache;  // f32 [capacity, n_kv_heads, key_dim]
  Tensor v_cache;  // f32 [capacity, n_kv_heads, value_dim]
  Tensor y;        // f32 [T, n_heads, value_dim]
  int64_t position = 0;
  int64_t window = 0;
  float scale = 1.0f;
  // The T tokens and the rows of the caches are those of this many sequences of equal length, one after another; each
  // begins at `position`.
  int64_t n_sequences = 1;
  bool single_precision = false;  // as in DenseMatmulArgs
};

enum class GateActivation : uint32_t {
  silu = 0,   // SwiGLU
  gelu = 1,   // GeGLU, tanh approximation
  relu2 = 2,  // ReGLU^2: max(0, x)^2
};

// y = act(min(gate, clamp)) * clip(up, -clamp, clamp); clamp 0: none.
struct GatedActivationArgs {
  static constexpr std::string_view kName = "gated_activation";
  Tensor gate;  // f32 [R, width]
  Tensor up;    // f32 [R, width]
  Tensor y;     // f32 [R, width]
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;
};

// y = a + b
struct AddArgs {
  static constexpr std::string_view kName = "add";
  Tensor a;  // f32, any shape
  Tensor b;
  Tensor y;
};

// p = softmax(logits) over all experts; the k largest p (ties: lowest index first), largest first; weights = p of the
// chosen, divided by their sum when `renormalize`, times `scale`.
struct RouteTokensArgs {
  static constexpr std::string_view kName = "route_tokens";
  Tensor logits;      // f32 [T, n_experts]
  Tensor expert_ids;  // i32 [T, k]
  Tensor weights;     // f32 [T, k]
  bool renormalize = true;
  float scale = 1.0f;
};

// y[t] = sum over slots, in order, weights[t, s] * x[t * k + s]
struct CombineExpertsArgs {
  static constexpr std::string_view kName = "combine_experts";
  Tensor x;        // f32 [T * k, dim]
  Tensor weights;  // f32 [T, k]
  Tensor y;        // f32 [T, dim]
};

// The functions take `auto&` so that they serve const readers and rewriters (compare_backend) alike.
void visit_weight(auto& weight, auto&& f) {
  f(TensorRole::input, weight.data);
  if (weight.scales) f(TensorRole::input, weight.scales);
}
void visit_optional(TensorRole role, auto& tensor, auto&& f) {
  if (tensor) f(role, tensor);
}

}  // namespace tritium
