// CpuLinear and TernaryLinear: y = x W^T with packed ternary weights, as values to experiment with, on the reference's
// plain loops and on any backend. What they compute is in graph/functions.h (LinearInput).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "graph/functions.h"
#include "tensor/ternary_matrix.h"

namespace tritium {

// f(tape, x) without a gradient, x [rows, cols], on a backend, whose mutex is held meanwhile. invalid_argument when x
// has another size.
Result<std::vector<float>> forward_on(Backend& backend, std::span<const float> x, int64_t rows, int64_t cols,
                                      const std::function<Value(Tape&, const Value&)>& f);

// Trits and scales alone: an FP32 matrix given to from_weight() is quantised at once and not kept.
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
                                     ActivationMode activations = ActivationMode::int8_per_token) const;

 private:
  explicit CpuLinear(TernaryMatrix matrix) : matrix_(std::move(matrix)) {}

  TernaryMatrix matrix_;
};

// Thread rule: as for the backend, whose mutex forward() takes. The backend must outlive the layer.
class TernaryLinear {
 public:
  // Moves the packed trits and scales as they are: nothing is unpacked, rounded or quantised again.
  static Result<TernaryLinear> from_cpu_linear(Backend& backend, const CpuLinear& linear);

  int64_t in_features() const { return weight().cols; }
  int64_t out_features() const { return weight().rows; }
  const Weight& weight() const { return weight_.weight(); }

  // As CpuLinear::forward.
  Result<std::vector<float>> forward(std::span<const float> x, int64_t rows,
                                     ActivationMode activations = ActivationMode::int8_per_token) const;

 private:
  TernaryLinear(Backend& backend, Weight weight) : backend_(&backend), weight_(std::move(weight)) {}

  Backend* backend_;
  FixedParameter weight_;
};

}  // namespace tritium
