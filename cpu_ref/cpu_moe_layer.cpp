#include "cpu_ref/cpu_moe_layer.h"

#include "base/format_text.h"
#include "ops/all.h"

namespace tritium {

Result<CpuMoELayer> CpuMoELayer::create(MoeConfig config, std::vector<float> router,
                                        std::vector<TernaryExpert> experts) {
  if (experts.empty()) return error(StatusCode::invalid_argument, "a mixture needs at least one expert");
  const auto n = static_cast<int64_t>(experts.size());
  for (const TernaryExpert& e : experts)
    if (e.dim() != experts.front().dim() || e.width() != experts.front().width())
      return error(StatusCode::invalid_argument, "experts of ", e.dim(), "x", e.width(), " and ", experts.front().dim(),
                   "x", experts.front().width(), " cannot be mixed");
  if (static_cast<int64_t>(router.size()) != n * experts.front().dim())
    return error(StatusCode::invalid_argument, "the router has ", router.size(), " values, must have ", n, " x ",
                 experts.front().dim());
  if (config.n_experts_used < 1 || config.n_experts_used > n)
    return error(StatusCode::invalid_argument, "n_experts_used is ", config.n_experts_used, ", must be 1 to ", n);
  return CpuMoELayer(config, std::move(router), std::move(experts));
}

Result<CpuMoELayer::Route> CpuMoELayer::route(std::span<const float> x, int64_t tokens) const {
  if (tokens < 1 || static_cast<int64_t>(x.size()) != tokens * dim())
    return error(StatusCode::invalid_argument, "x has ", x.size(), " values, must have ", tokens, " x ", dim());
  std::vector<float> logits(static_cast<size_t>(tokens * n_experts()));
  cpu_ref::dense_matmul({.n_rows = static_cast<uint32_t>(tokens),
                         .out_features = static_cast<uint32_t>(n_experts()),
                         .cols = static_cast<uint32_t>(dim()),
                         .row_stride = static_cast<uint32_t>(dim()),
                         .dtype = static_cast<uint32_t>(DType::f32),
                         .rows_per_x = 1,
                         .n_matrices = 1,
                         .routed = 0,
                         .first_weight_row = 0,
                         .n_weight_rows = static_cast<uint32_t>(n_experts())},
                        x, std::as_bytes(std::span(router_)), {}, logits);
  Route route;
  route.expert_ids.resize(static_cast<size_t>(tokens * config_.n_experts_used));
  route.weights.resize(route.expert_ids.size());
  cpu_ref::route_tokens({.n_tokens = static_cast<uint32_t>(tokens),
                         .n_experts = static_cast<uint32_t>(n_experts()),
                         .top_k = static_cast<uint32_t>(config_.n_experts_used),
                         .renormalize = config_.renormalize ? 1u : 0u,
                         .scale = 1.0f},
                        logits, route.expert_ids, route.weights);
  return route;
}

Result<std::vector<float>> CpuMoELayer::forward(std::span<const float> x, int64_t tokens) const {
  const Result<Route> chosen = route(x, tokens);
  if (!chosen.ok()) return chosen.status();
  const auto d = static_cast<size_t>(dim());
  const auto k = static_cast<size_t>(config_.n_experts_used);
  std::vector<float> outputs;  // [tokens * k, dim]
  for (size_t slot = 0; slot < chosen->expert_ids.size(); ++slot) {
    const TernaryExpert& expert = experts_[static_cast<size_t>(chosen->expert_ids[slot])];
    const Result<std::vector<float>> y =
        expert.forward(x.subspan(slot / k * d, d), 1, config_.activation, config_.clamp, config_.precision);
    if (!y.ok()) return y.status();
    outputs.insert(outputs.end(), y->begin(), y->end());
  }
  std::vector<float> mixed(static_cast<size_t>(tokens) * d);
  cpu_ref::combine_experts(
      {.n_tokens = static_cast<uint32_t>(tokens), .top_k = static_cast<uint32_t>(k), .dim = static_cast<uint32_t>(d)},
      outputs, chosen->weights, mixed);
  return mixed;
}

}  // namespace tritium
