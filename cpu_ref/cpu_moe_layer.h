// CpuMoELayer: a mixture of ternary experts with an FP32 router, as a value that can be read top to bottom.
//
//   r = x Wr^T;  p = softmax(r);  S = top-k of p;  g = p over S, renormalised or not;  y = sum over S of g_e
//   expert_e(x)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu_ref/ternary_expert.h"

namespace tritium {

struct MoeConfig {
  int64_t n_experts_used = 1;  // k
  bool renormalize = true;
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;
  InputPrecision precision = InputPrecision::int8;
};

class CpuMoELayer {
 public:
  // router: [n_experts, dim]. All experts must have the same dim and width.
  static Result<CpuMoELayer> create(MoeConfig config, std::vector<float> router, std::vector<TernaryExpert> experts);

  int64_t dim() const { return experts_.front().dim(); }
  int64_t n_experts() const { return static_cast<int64_t>(experts_.size()); }

  const MoeConfig& config() const { return config_; }
  std::span<const float> router() const { return router_; }  // [n_experts, dim]
  const std::vector<TernaryExpert>& experts() const { return experts_; }

  struct Route {
    std::vector<int32_t> expert_ids;  // [tokens, k]
    std::vector<float> weights;       // [tokens, k]
  };
  Result<Route> route(std::span<const float> x, int64_t tokens) const;
  // x [tokens, dim] -> [tokens, dim]
  Result<std::vector<float>> forward(std::span<const float> x, int64_t tokens) const;

 private:
  CpuMoELayer(MoeConfig config, std::vector<float> router, std::vector<TernaryExpert> experts)
      : config_(config), router_(std::move(router)), experts_(std::move(experts)) {}

  MoeConfig config_;
  std::vector<float> router_;
  std::vector<TernaryExpert> experts_;
};

}  // namespace tritium
