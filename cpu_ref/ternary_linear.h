// TernaryLinear: CpuLinear on any backend, to compare a device with the plain loops or to look at one product in a
// debugger.
//
// Thread rule: as for the backend, whose mutex forward() takes. The backend must outlive the layer.
#pragma once

#include "cpu_ref/cpu_linear.h"
#include "ops/ops.h"

namespace tritium {

class TernaryLinear {
 public:
  // Moves the packed trits and scales as they are: nothing is unpacked, rounded or quantised again.
  static Result<TernaryLinear> from_cpu_linear(Backend& backend, const CpuLinear& linear);

  int64_t in_features() const { return weight_.cols; }
  int64_t out_features() const { return weight_.rows; }
  const Weight& weight() const { return weight_; }

  // x [rows, in_features] -> [rows, out_features], as CpuLinear::forward.
  Result<std::vector<float>> forward(std::span<const float> x, int64_t rows,
                                     InputPrecision precision = InputPrecision::int8) const;

 private:
  TernaryLinear(Backend& backend, Weight weight) : backend_(&backend), weight_(std::move(weight)) {}

  Backend* backend_;
  Weight weight_;
};

}  // namespace tritium
