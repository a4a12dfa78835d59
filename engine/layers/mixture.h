// TernaryExpert, CpuMoELayer and TernaryMoELayer: a mixture of ternary experts with an FP32 router, as values to
// experiment with, on the reference's plain loops and on any backend. What they compute is in model/feed_forward.cpp.
#pragma once

#include "layers/linear.h"
#include "model/layer.h"

namespace tritium {

// One expert, down(act(gate x) * up x).
struct TernaryExpert {
  // gate and up: [width, dim], down: [dim, width]; quantised at once, one alpha for each matrix.
  static Result<TernaryExpert> from_weights(std::span<const float> gate, std::span<const float> up,
                                            std::span<const float> down, int64_t dim, int64_t width);
  // Sizes must fit each other, else invalid_argument.
  static Result<TernaryExpert> from_linears(CpuLinear gate, CpuLinear up, CpuLinear down);

  int64_t dim() const { return gate.in_features(); }
  int64_t width() const { return gate.out_features(); }

  // x [rows, dim] -> [rows, dim]. `clamp` as in GatedActivation.
  Result<std::vector<float>> forward(std::span<const float> x, int64_t rows, GateActivation activation, float clamp,
                                     ActivationMode activations) const;

  CpuLinear gate, up, down;
};

struct MoeConfig {
  int64_t n_experts_used = 1;  // k
  bool renormalize = true;
  GateActivation activation = GateActivation::silu;
  float clamp = 0.0f;
  ActivationMode activations = ActivationMode::int8_per_token;
};

struct CpuMoELayer {
  // All experts must have the same dim and width.
  static Result<CpuMoELayer> create(MoeConfig config, std::vector<float> router, std::vector<TernaryExpert> experts);

  int64_t dim() const { return experts.front().dim(); }
  int64_t n_experts() const { return static_cast<int64_t>(experts.size()); }

  struct Route {
    std::vector<int32_t> expert_ids;  // [tokens, k]
    std::vector<float> weights;       // [tokens, k]
  };
  Result<Route> route(std::span<const float> x, int64_t tokens) const;
  // x [tokens, dim] -> [tokens, dim]
  Result<std::vector<float>> forward(std::span<const float> x, int64_t tokens) const;

  MoeConfig config;
  std::vector<float> router;  // [n_experts, dim]
  std::vector<TernaryExpert> experts;
};

// Thread rule: as for the backend, whose mutex forward() takes. The backend must outlive the layer.
class TernaryMoELayer {
 public:
  // Moves packed trits and scales as they are, stacked as kernels take them. invalid_argument when the experts' scales
  // cover different parts of a row, for then no stack can hold them.
  static Result<TernaryMoELayer> from_cpu_moe(Backend& backend, const CpuMoELayer& layer);

  int64_t dim() const { return gate().cols; }
  int64_t n_experts() const { return gate().n_matrices; }
  const Weight& gate() const { return gate_.weight(); }  // [n_experts, width, dim]
  const Weight& up() const { return up_.weight(); }
  const Weight& down() const { return down_.weight(); }  // [n_experts, dim, width]

  // As those of CpuMoELayer.
  Result<CpuMoELayer::Route> route(std::span<const float> x, int64_t tokens) const;
  Result<std::vector<float>> forward(std::span<const float> x, int64_t tokens) const;

 private:
  TernaryMoELayer(Backend& backend, const MoeConfig& config) : backend_(&backend), config_(config) {}
  template <typename Part>  // of a layer: Value(const LayerContext&, const Value&)
  Result<std::vector<float>> run(std::span<const float> x, int64_t tokens, const Part& part) const;

  Backend* backend_;
  MoeConfig config_;
  FixedParameter router_{{}}, gate_{{}}, up_{{}}, down_{{}};
};

}  // namespace tritium
