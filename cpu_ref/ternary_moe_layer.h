// TernaryMoELayer: CpuMoELayer on any backend; its experts' trits are stacked as kernels take them.
//
// Thread rule: as for the backend, whose mutex forward() takes. The backend must outlive the layer.
#pragma once

#include "cpu_ref/cpu_moe_layer.h"
#include "ops/ops.h"

namespace tritium {

class TernaryMoELayer {
 public:
  // Moves packed trits and scales as they are. invalid_argument when the experts' scales cover different parts of a
  // row, for then no stack can hold them.
  static Result<TernaryMoELayer> from_cpu_moe(Backend& backend, const CpuMoELayer& layer);

  int64_t dim() const { return gate_.cols; }
  int64_t n_experts() const { return gate_.n_matrices; }
  const Weight& gate() const { return gate_; }  // [n_experts, width, dim]
  const Weight& up() const { return up_; }
  const Weight& down() const { return down_; }  // [n_experts, dim, width]

  // x [tokens, dim] -> [tokens, dim]
  Result<std::vector<float>> forward(std::span<const float> x, int64_t tokens) const;

 private:
  TernaryMoELayer(Backend& backend, MoeConfig config) : backend_(&backend), config_(config) {}

  Backend* backend_;
  MoeConfig config_;
  Weight router_, gate_, up_, down_;
};

}  // namespace tritium
