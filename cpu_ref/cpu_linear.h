// CpuLinear: y = x W^T with packed ternary weights, as a value to experiment with. It keeps trits and scales only: an
// FP32 matrix given to from_weight() is quantised at once and not kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/ternary_matrix.h"
#include "tritium/status.hpp"

namespace tritium {

// How a layer's inputs reach the trits.
enum class InputPrecision {
  int8,        // quantised per token, absmax / 127
  int8_block,  // quantised per block of 256
  f32,
};

class CpuLinear {
 public:
  // `weight` is [out_features, in_features], row-major. Absmean quantisation: TernaryMatrix::from_weights.
  static Result<CpuLinear> from_weight(std::span<const float> weight, int64_t out_features, int64_t in_features,
                                       ScaleGranularity granularity = ScaleGranularity::tensor, int64_t group_size = 0);
  // Takes packed trits as they are; the matrix must hold one weight (n_matrices == 1).
  static Result<CpuLinear> from_ternary(TernaryMatrix matrix);

  int64_t in_features() const { return matrix_.cols(); }
  int64_t out_features() const { return matrix_.rows(); }
  const TernaryMatrix& matrix() const { return matrix_; }

  // x [rows, in_features] -> [rows, out_features]. invalid_argument when x has another size.
  Result<std::vector<float>> forward(std::span<const float> x, int64_t rows,
                                     InputPrecision precision = InputPrecision::int8) const;

 private:
  explicit CpuLinear(TernaryMatrix matrix);

  TernaryMatrix matrix_;
  std::vector<float> scales_;  // one a row or a group: ops/weight_layout.h
};

}  // namespace tritium
