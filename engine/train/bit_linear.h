// BitLinear: a stack of weight matrices that can train. It holds packed trits and their scales, always; while it trains
// also a shadow copy in BF16, FP32 or codes of one byte, which collects updates too small to flip a trit (Ma et al.
// 2024, "The Era of 1-bit LLMs"; straight-through: Bengio et al. 2013). Without a shadow it is an inference layer. The
// same class holds matrices that stay full precision, or have int8 … int4 rows.
//
// Thread rule: as for the backend.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/tensors.h"
#include "ops/allocator.h"
#include "ops/ops.h"
#include "tensor/ternary_matrix.h"
#include "tritium/training.hpp"

namespace tritium::training {

struct BitLinearOptions {
  WeightMode mode = WeightMode::ternary;
  ShadowPrecision shadow = ShadowPrecision::fp32;
  int64_t group_size = 0;  // columns a scale covers: 16, 32, 64, 128 or 256; 0: a whole row
};

class BitLinear final : public Parameter {
 public:
  // From full-precision weights [n_matrices, rows, cols]; where the allocator counts, there may be none. In mode
  // ternary the trits are packed by requantize().
  static Result<BitLinear> from_weights(Allocator& allocator, const std::string& name, const Shape& shape,
                                        std::span<const float> weights, const BitLinearOptions& options);
  // Weights that are not ternary and stay as they are, in their own type.
  static Result<BitLinear> frozen(Allocator& allocator, const std::string& name, const DenseMatrix& matrix);
  // Packed trits as they are. No shadow yet: it computes, and does not train. A scale group in the matrix decides
  // group_size.
  static Result<BitLinear> from_ternary(Allocator& allocator, const std::string& name, const TernaryMatrix& matrix,
                                        const BitLinearOptions& options);

  // Shadows w = t alpha / rho, with rho the fraction of non-zero trits among the weights that share the scale: mean |w|
  // is alpha again and every code is kept, so starting to train changes no output bit. (w = t alpha would shrink alpha
  // to rho alpha at the first step.) Shadows that are rounded give alpha with their error: of codes up to 2.4 %,
  // and more where not a sixth of the trits are kept, for alpha / rho is beyond the last code then. `n_scales`: equal
  // consecutive parts of the scale groups that will share an alpha.
  Status init_shadow_from_ternary(Allocator& allocator, int64_t n_scales);
  // Shadows w = t alpha: for quantisers whose scale is the mean of what is not 0.
  Status init_shadow_as_dequantized(Allocator& allocator);
  // Replaces the shadow by floats of the same layout, rounded to its type.
  Status set_shadow(Backend& backend, const Tensor& values);
  // Keeps the shadow as it is as what an adapter inside the quantiser adds to.
  Status keep_base(Allocator& allocator);
  // Memory for what is between shadow and trits.
  void make_effective(Allocator& allocator);
  // Frees the shadow and everything that only training needs.
  void drop_shadow();

  // The first n_matrices of a stack train, the others are trits alone.
  bool trains_in_part() const { return ternary() && packed.n_matrices > n_matrices; }
  // The trits of those that train.
  Weight trained_trits() const {
    Weight weight = packed;
    weight.n_matrices = n_matrices;
    return weight;
  }
  int64_t stack_elements() const { return (trains_in_part() ? packed.n_matrices : n_matrices) * rows * cols; }

  bool ternary() const { return static_cast<bool>(packed.data); }
  // WeightMode::lora_qat: trits of base + lora_scale B A, where the adapter alone learns.
  bool adapter_inside() const { return lora_a && mode == WeightMode::ternary; }
  bool adapter_beside() const { return lora_a && !adapter_inside(); }
  bool trains() const override { return mode == WeightMode::stochastic || (shadow.data && mode != WeightMode::frozen); }
  // The dense or packed weight that the forward pass multiplies with.
  const Weight& weight() const override { return effective.data ? effective : ternary() ? packed : shadow; }
  bool takes_codes() const override { return mode != WeightMode::full && (mode != WeightMode::frozen || ternary()); }
  LowRank low_rank() const override { return adapter_beside() ? LowRank{lora_a, lora_b, lora_scale} : LowRank{}; }
  int64_t elements() const { return n_matrices * rows * cols; }
  int64_t groups_per_row() const { return group_size > 0 ? (cols + group_size - 1) / group_size : 1; }

  // The shadow as floats, or the dequantised trits without one. [n_matrices, rows, cols]
  Result<std::vector<float>> values(Backend& backend) const;

  // What the forward pass multiplies with, likewise.
  Result<std::vector<float>> forward_values(Backend& backend) const;

  // The shadow of these values, in its precision; where the allocator counts, of none.
  Status make_shadow(Allocator& allocator, std::span<const float> weights);

  std::string name;
  TensorRole role = TensorRole::feed_forward;
  int64_t layer = 0;  // TensorSpec::layer
  // Of what trains; packed.n_matrices may be more.
  int64_t n_matrices = 1, rows = 0, cols = 0, group_size = 0;
  WeightMode mode = WeightMode::full;
  ShadowPrecision shadow_precision = ShadowPrecision::fp32;
  bool as_loaded = false;   // the trits came from a file and have not been trained yet
  bool one_scale = false;   // they came with one for all
  bool beyond_f16 = false;  // they came with scales that F16 cannot hold
  bool sparse34 = false;    // one of each four trits is 0 (ops/sparse_signs.h)
  Weight packed;            // modes ternary and stochastic, and frozen ternary weights
  // f32, bf16 or i8, while it trains (mode stochastic has none); and frozen weights that are not ternary.
  Weight shadow;
  Weight effective;  // f32: intN modes, and ternary ones that are still warming up (lambda < 1)

  // An adapter beside frozen weights (WeightMode::lora), y += scale B (A x), or inside the quantiser (lora_qat:
  // transformer_adapters.cpp). Its parts are parameters of their own.
  BitLinear* lora_a = nullptr;  // [n_matrices, rank, cols]
  BitLinear* lora_b = nullptr;  // [n_matrices, rows, rank]
  float lora_scale = 1.0f;
  Weight base;           // f32: the shadow before anything was learned, of an adapter inside
  Tensor matrix_of_row;  // i32 [n_matrices * rows, 1], of a stack with one

  // Of the optimiser; made on its first step.
  Tensor m, v;                      // f32 or i8, as the gradient
  Tensor m_scales, v_scales;        // with i8
  Tensor row_squares, col_squares;  // f32 [n_matrices, rows] and [n_matrices, cols], in place of m and v (adalomo)
  Tensor sums;                      // f32 [n_matrices * rows * groups]: sums of |shadow|
  Tensor average;                   // f32, laid out as the shadow (averages.h)
  Tensor flips;                     // i32 [n_matrices * rows]: trits that changed since they were last read
};

// The quantiser of a mode; ternary for the modes that have none of their own.
Quantizer quantizer_of(WeightMode mode);

}  // namespace tritium::training
