// The arguments of the operations of training: gradients, the loss, the optimisers and the quantisers.
//
// dx is the gradient of the loss with respect to x. Gradients of parameters are added to (+=) and cleared by the
// optimiser's pass; gradients of activations are written, or added to where `accumulate` says so. Shapes as in args.h:
// T tokens, R rows (tokens, or token x expert slots), X rows of the input of a product.
#pragma once

#include <cstdint>
#include <string_view>

#include "ops/forward_args.h"

namespace tritium {

inline constexpr TensorRole role_of_sum(bool accumulate) {
  return accumulate ? TensorRole::in_out : TensorRole::output;
}

// dtable[tokens[t]] += dy[t], in ascending t
struct EmbeddingBackwardArgs {
  static constexpr std::string_view kName = "embedding_backward";
  Tensor tokens;  // i32 [T], each in 0..vocab-1
  Tensor dy;      // f32 [T, dim]
  Tensor dtable;  // f32 [vocab, dim], +=

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.tokens), f(TensorRole::input, a.dy), f(TensorRole::in_out, a.dtable);
  }
};

// With r = 1 / sqrt(mean(x^2) + eps):
//   dx = r (weight dy - x r^2 mean(weight dy x)),   dweight += sum over rows of dy x r
struct RmsNormBackwardArgs {
  static constexpr std::string_view kName = "rms_norm_backward";
  Tensor x;        // f32 [R, dim]
  Tensor weight;   // f32 [dim]
  Tensor dy;       // f32 [R, dim]
  Tensor dx;       // f32 [R, dim]
  Tensor dweight;  // f32 [dim], +=
  float eps = 1e-5f;
  bool accumulate = false;  // into dx

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.x), f(TensorRole::input, a.weight), f(TensorRole::input, a.dy);
    f(role_of_sum(a.accumulate), a.dx), f(TensorRole::in_out, a.dweight);
  }
};

// dx[x] = sum over the rows r of y made from row x, ascending, of W^T dy[r], with W the quantised weights (scale times
// trit) of the matrix that row r uses: the gradient of the input goes through what the forward pass multiplied with.
// Rows and expert_ids as in TernaryMatmulArgs.
struct TernaryMatmulBackwardArgs {
  static constexpr std::string_view kName = "ternary_matmul_backward";
  Tensor dy;      // f32 [R, rows]
  Weight weight;  // trit2
  Tensor expert_ids;
  Tensor dx;  // f32 [X, cols]
  bool accumulate = false;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.dy), visit_weight(a.weight, f), visit_optional(TensorRole::input, a.expert_ids, f);
    f(role_of_sum(a.accumulate), a.dx);
  }
};

// The same with dense weights.
struct DenseMatmulBackwardArgs {
  static constexpr std::string_view kName = "dense_matmul_backward";
  Tensor dy;      // f32 [R, rows]
  Weight weight;  // f32, f16 or bf16
  Tensor expert_ids;
  Tensor dx;  // f32 [X, cols]
  bool accumulate = false;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.dy), visit_weight(a.weight, f), visit_optional(TensorRole::input, a.expert_ids, f);
    f(role_of_sum(a.accumulate), a.dx);
  }
};

// dw[m] += sum over rows r that use matrix m, ascending, of dy[r]^T x[row of r]. Straight-through: this is the gradient
// of the shadow weights. x is what the forward pass multiplied with: floats, or int8 codes times their scales.
struct WeightGradientArgs {
  static constexpr std::string_view kName = "weight_gradient";
  Tensor x;           // f32 [X, cols], or none: then
  Tensor q;           // i8 [X, padded_cols] and
  Tensor scales;      // f32 [X, n_blocks] of quantize_activations
  Tensor dy;          // f32 [R, rows]
  Tensor expert_ids;  // i32 [T, k], or none: matrix 0 for all, R == X
  Tensor dw;          // f32 [n_matrices, rows, cols], +=

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.x, &a.q, &a.scales}) visit_optional(TensorRole::input, *t, f);
    f(TensorRole::input, a.dy), visit_optional(TensorRole::input, a.expert_ids, f), f(TensorRole::in_out, a.dw);
  }
};

// Of `attention` with T tokens in n_sequences sequences of equal length, each from its position 0. With
// p = softmax(scale q k^T), ds = p (dy v^T - sum_j p_j (dy v_j^T)):
//   dv = p^T dy,   dq = scale ds k,   dk = scale ds^T q;   kv heads sum over the query heads that read them.
struct AttentionBackwardArgs {
  static constexpr std::string_view kName = "attention_backward";
  Tensor q;   // f32 [T, n_heads, key_dim]
  Tensor k;   // f32 [T, n_kv_heads, key_dim]
  Tensor v;   // f32 [T, n_kv_heads, value_dim]
  Tensor dy;  // f32 [T, n_heads, value_dim]
  Tensor dq;
  Tensor dk;
  Tensor dv;
  int64_t n_sequences = 1;
  int64_t window = 0;
  float scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.q, &a.k, &a.v, &a.dy}) f(TensorRole::input, *t);
    for (auto* t : {&a.dq, &a.dk, &a.dv}) f(TensorRole::output, *t);
  }
};

// Of gated_activation; beyond the clamp the gradient is 0.
struct GatedActivationBackwardArgs {
  static constexpr std::string_view kName = "gated_activation_backward";
  Tensor gate;  // f32 [R, width]
  Tensor up;
  Tensor dy;
  Tensor dgate;
  Tensor dup;
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.gate, &a.up, &a.dy}) f(TensorRole::input, *t);
    for (auto* t : {&a.dgate, &a.dup}) f(TensorRole::output, *t);
  }
};

// dx[t * k + s] = weights[t, s] dy[t],   dweights[t, s] = <dy[t], x[t * k + s]>
struct CombineExpertsBackwardArgs {
  static constexpr std::string_view kName = "combine_experts_backward";
  Tensor x;        // f32 [T * k, dim]
  Tensor weights;  // f32 [T, k]
  Tensor dy;       // f32 [T, dim]
  Tensor dx;       // f32 [T * k, dim]
  Tensor dweights;

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.x, &a.weights, &a.dy}) f(TensorRole::input, *t);
    for (auto* t : {&a.dx, &a.dweights}) f(TensorRole::output, *t);
  }
};

// With p = softmax(logits) and the chosen set S held fixed:
//   renormalised, h = p / sum over S of p: dlogits_e = h_e scale (dweights_e - sum over S of h_j dweights_j) for e in S
//   otherwise: dp_e = scale dweights_e for e in S
// plus the losses of a layer's router, each a mean over the T tokens:
//   balance * E sum over e of load_e mean(p_e)   (Fedus et al. 2021, section 2.2; load is held fixed)
//   z_loss * mean(logsumexp(logits)^2)           (Zoph et al. 2022, section 3.2)
// where a gradient dp of the probabilities becomes dlogits_e += p_e (dp_e - sum over j of p_j dp_j).
struct RouteTokensBackwardArgs {
  static constexpr std::string_view kName = "route_tokens_backward";
  Tensor logits;      // f32 [T, n_experts]
  Tensor expert_ids;  // i32 [T, k], as route_tokens chose
  Tensor dweights;    // f32 [T, k]
  Tensor load;        // f32 [n_experts], of expert_load; none: balance must be 0
  Tensor dlogits;     // f32 [T, n_experts]
  bool renormalize = true;
  float scale = 1.0f;
  float balance = 0.0f;
  float z_loss = 0.0f;

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.logits, &a.expert_ids, &a.dweights}) f(TensorRole::input, *t);
    visit_optional(TensorRole::input, a.load, f), f(TensorRole::output, a.dlogits);
  }
};

// load[e] = slots that chose expert e / all slots
struct ExpertLoadArgs {
  static constexpr std::string_view kName = "expert_load";
  Tensor expert_ids;  // i32 [T, k]
  Tensor load;        // f32 [n_experts]

  static void visit(auto& a, auto&& f) { f(TensorRole::input, a.expert_ids), f(TensorRole::output, a.load); }
};

// losses[r] = logsumexp(logits[r]) - logits[r, targets[r]] in nats, dlogits = scale (softmax(logits) - onehot(target));
// rows with target -1 have loss and gradient 0.
struct CrossEntropyArgs {
  static constexpr std::string_view kName = "cross_entropy";
  Tensor logits;   // f32 [R, vocab]
  Tensor targets;  // i32 [R], -1 … vocab-1
  Tensor losses;   // f32 [R]
  Tensor dlogits;  // f32 [R, vocab], or none: only the losses
  float scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.logits), f(TensorRole::input, a.targets), f(TensorRole::output, a.losses);
    visit_optional(TensorRole::output, a.dlogits, f);
  }
};

// With p = softmax(teacher / T), q = softmax(logits / T), T the temperature (Hinton et al. 2015, section 2):
//   losses[r] = T^2 sum over j of p_j log(p_j / q_j) in nats (the factor keeps gradients comparable over temperatures),
//   dlogits += scale T (q - p), the derivative of scale * losses[r];   rows with target -1 have loss and gradient 0.
struct KlDivergenceArgs {
  static constexpr std::string_view kName = "kl_divergence";
  Tensor logits;   // f32 [R, vocab]
  Tensor teacher;  // f32 [R, vocab]
  Tensor targets;  // i32 [R], -1: not scored
  Tensor losses;   // f32 [R]
  Tensor dlogits;  // f32 [R, vocab], +=, or none: only the losses
  float temperature = 2.0f;
  float scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    for (auto* t : {&a.logits, &a.teacher, &a.targets}) f(TensorRole::input, *t);
    f(TensorRole::output, a.losses), visit_optional(TensorRole::in_out, a.dlogits, f);
  }
};

// y = a_scale a + b_scale b; y may be a or b.
struct ScaledAddArgs {
  static constexpr std::string_view kName = "scaled_add";
  Tensor a;  // f32, any shape
  Tensor b;
  Tensor y;
  float a_scale = 1.0f;
  float b_scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.a), f(TensorRole::input, a.b), f(TensorRole::output, a.y);
  }
};

// sums[index] = sum of x^2
struct SumSquaresArgs {
  static constexpr std::string_view kName = "sum_squares";
  Tensor x;     // f32, any shape
  Tensor sums;  // f32 [n]
  int64_t index = 0;

  static void visit(auto& a, auto&& f) { f(TensorRole::input, a.x), f(TensorRole::in_out, a.sums); }
};

// x = scale * q: what the products of int8 activations multiply with, for weights that are not ternary.
struct DequantizeActivationsArgs {
  static constexpr std::string_view kName = "dequantize_activations";
  Tensor q;       // i8 [R, padded_cols]
  Tensor scales;  // f32 [R, n_blocks]
  Tensor x;       // f32 [R, cols]

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.q), f(TensorRole::input, a.scales), f(TensorRole::output, a.x);
  }
};

// alpha[first + g] = a, the sum of the g-th of n_groups equal, consecutive parts of `sums`, times factor (1 / number of
// weights). With momentum: momentum alpha + (1 - momentum) a (the running average; an alpha of 0 is not averaged with).
// round_to_f16: to what files store, so that training multiplies with what is deployed.
struct AbsmeanArgs {
  static constexpr std::string_view kName = "absmean";
  Tensor sums;   // f32 [n], n a multiple of n_groups
  Tensor alpha;  // f32 [m], m >= first + n_groups
  int64_t first = 0;
  int64_t n_groups = 1;
  float factor = 1.0f;
  float momentum = 0.0f;
  bool round_to_f16 = false;

  static void visit(auto& a, auto&& f) { f(TensorRole::input, a.sums), f(TensorRole::in_out, a.alpha); }
};

// Codes of every weight from its shadow: trit = ternary_trit(w, alpha) (shaders/lib/ternary.h), scale = alpha. Scale
// group g of row r has alpha[(r * groups + g) * n_alpha / (rows * groups)]: n_alpha equal, consecutive parts.
// flips[r] += trits of row r that changed.
struct TernarizeArgs {
  static constexpr std::string_view kName = "ternarize";
  Weight parameter;  // the shadow: f32 or bf16
  Tensor alpha;      // f32 [n_alpha]
  Weight weight;     // trit2 of the same rows and columns: trits and scales are replaced
  Tensor flips;      // i32 [n_matrices * rows], +=, or none

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.parameter.data), f(TensorRole::input, a.alpha);
    visit_optional(TensorRole::in_out, a.flips, f);
  }
};

// Training without a shadow: each trit moves so that alpha times it changes by `change` in expectation
// (flipped_trit of shaders/lib/ternary.h), alpha its scale in `weight`; flips[r] += trits of row r that changed, and
// `change` is cleared.
struct FlipTritsArgs {
  static constexpr std::string_view kName = "flip_trits";
  Tensor change;  // f32 [n_matrices, rows, cols], cleared
  Weight weight;  // trit2: trits are replaced, scales stay
  Tensor flips;   // i32 [n_matrices * rows], +=, or none
  // Random numbers depend on these and the element's index alone (shaders/lib/random.h).
  uint32_t seed = 0;
  uint32_t step = 0;
  uint32_t stream = 0;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::in_out, a.change), visit_optional(TensorRole::in_out, a.flips, f);
  }
};

// Numbers are qmax of the row-wise integers.
enum class Quantizer : uint32_t { ternary = 0, int4 = 7, int5 = 15, int6 = 31, int8 = 127 };

// y = w + lambda (quantised(w) - w), as floats.
//   ternary: alpha times trit, alpha as in ternarize
//   intN: s clip(round_half_even(w / s), -qmax - 1, qmax) with s = max |w| of the row / qmax; 0 where that is below
//   1e-30
struct FakeQuantizeArgs {
  static constexpr std::string_view kName = "fake_quantize";
  Weight parameter;  // f32 or bf16
  Tensor alpha;      // f32 [n_alpha]; none for intN
  Weight y;          // f32, the same shape and row stride: replaced
  Quantizer quantizer = Quantizer::ternary;
  int64_t group_size = 0;  // ternary: columns a scale covers; 0: a row
  float lambda = 1.0f;

  static void visit(auto& a, auto&& f) {
    f(TensorRole::input, a.parameter.data), visit_optional(TensorRole::input, a.alpha, f);
    f(TensorRole::output, a.y.data);
  }
};

enum class Rounding : uint32_t { nearest = 0, stochastic = 1 };

// What every optimiser does with a parameter after its step, in the same pass:
//   boundary noise: where | |w| / alpha - 0.5 | < noise_zone, w += noise_scale alpha n, n standard normal
//   w rounded to the parameter's type; sums of |w|; repacked trits (as ternarize, with alpha as it was); flips counted.
struct ShadowUpdate {
  Weight parameter;        // f32 or bf16
  Tensor sums;             // f32 [n_matrices * rows * groups]: sum of |w| over each scale group, or none
  Tensor alpha;            // f32 [n_alpha]: for the noise and the trits, or none
  Weight weight;           // trit2 to repack, or none
  Tensor flips;            // i32 [n_matrices * rows], +=, or none
  int64_t group_size = 0;  // columns a sum covers; 0: a row
  Rounding rounding = Rounding::nearest;
  // Random numbers depend on these and the element's index alone (shaders/lib/random.h).
  uint32_t seed = 0;
  uint32_t step = 0;
  uint32_t stream = 0;
  float noise_scale = 0.0f;
  float noise_zone = 0.1f;
  float clip = 0.0f;  // clipped straight-through: the gradient of weights with |w| > clip alpha is 0; 0: of none

  static void visit(auto& s, auto&& f) {
    const bool rounded = s.parameter.dtype == DType::bf16;
    f(TensorRole::in_out, s.parameter.data);
    visit_optional(rounded ? TensorRole::sum_of_bf16 : TensorRole::output, s.sums, f);
    visit_optional(TensorRole::input, s.alpha, f), visit_optional(TensorRole::in_out, s.flips, f);
  }
};

// AdamW (Loshchilov & Hutter 2019) with g = gradient_scale * gradient:
//   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
//   w -= learning_rate (m correction1 / (sqrt(v correction2) + eps) + weight_decay w)
// and the gradient is cleared. States are f32, or 8-bit codes of blocks of 256 columns with a scale each
// (shaders/lib/moments.h; after Dettmers et al. 2021).
struct AdamwUpdateArgs {
  static constexpr std::string_view kName = "adamw_update";
  ShadowUpdate shadow;
  Tensor gradient;  // f32 [n_matrices, rows, cols], cleared
  Tensor m;         // f32 or i8, as the gradient
  Tensor v;
  Tensor m_scales;  // f32 [n_matrices * rows, ceil(cols / 256)] with i8 states
  Tensor v_scales;
  float learning_rate = 1e-3f;
  float beta1 = 0.9f;
  float beta2 = 0.95f;
  float eps = 1e-8f;
  float weight_decay = 0.0f;
  float correction1 = 1.0f;  // 1 / (1 - beta1^t), t = 1 for the first step
  float correction2 = 1.0f;
  float gradient_scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    ShadowUpdate::visit(a.shadow, f);
    for (auto* t : {&a.gradient, &a.m, &a.v}) f(TensorRole::in_out, *t);
    for (auto* t : {&a.m_scales, &a.v_scales}) visit_optional(TensorRole::in_out, *t, f);
  }
};

// m = momentum m + g,   w -= learning_rate (m + weight_decay w); the gradient is cleared.
struct SgdUpdateArgs {
  static constexpr std::string_view kName = "sgd_update";
  ShadowUpdate shadow;
  Tensor gradient;  // f32 [n_matrices, rows, cols], cleared
  Tensor m;         // f32, as the gradient, or none: momentum 0
  float learning_rate = 1e-2f;
  float momentum = 0.0f;
  float weight_decay = 0.0f;
  float gradient_scale = 1.0f;

  static void visit(auto& a, auto&& f) {
    ShadowUpdate::visit(a.shadow, f);
    f(TensorRole::in_out, a.gradient), visit_optional(TensorRole::in_out, a.m, f);
  }
};

}  // namespace tritium
