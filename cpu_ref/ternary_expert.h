// TernaryExpert: one expert of a mixture, down(act(gate x) * up x), all three matrices packed trits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu_ref/cpu_linear.h"
#include "ops/all.h"

namespace tritium {

class TernaryExpert {
 public:
  // gate and up: [width, dim], down: [dim, width]; quantised at once, one alpha for each matrix.
  static Result<TernaryExpert> from_weights(std::span<const float> gate, std::span<const float> up,
                                            std::span<const float> down, int64_t dim, int64_t width);
  // Sizes must fit each other, else invalid_argument.
  static Result<TernaryExpert> from_linears(CpuLinear gate, CpuLinear up, CpuLinear down);

  int64_t dim() const { return gate_.in_features(); }
  int64_t width() const { return gate_.out_features(); }
  const CpuLinear& gate() const { return gate_; }
  const CpuLinear& up() const { return up_; }
  const CpuLinear& down() const { return down_; }

  // x [rows, dim] -> [rows, dim]. `clamp` as in GatedActivation.
  Result<std::vector<float>> forward(std::span<const float> x, int64_t rows, GateActivation activation, float clamp,
                                     InputPrecision precision) const;

 private:
  TernaryExpert(CpuLinear gate, CpuLinear up, CpuLinear down)
      : gate_(std::move(gate)), up_(std::move(up)), down_(std::move(down)) {}

  CpuLinear gate_;
  CpuLinear up_;
  CpuLinear down_;
};

}  // namespace tritium
