#include "cpu_ref/ternary_moe_layer.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/format_text.h"
#include "cpu_ref/device_steps.h"

namespace tritium {
namespace {

// The same trits in one stack. A scale for a whole matrix becomes one for each of its rows.
Result<TernaryMatrix> stack_of(const std::vector<TernaryExpert>& experts,
                               const CpuLinear& (TernaryExpert::*part)() const) {
  const TernaryMatrix& first = (experts.front().*part)().matrix();
  const bool groups = first.granularity() == ScaleGranularity::group;
  TernaryMatrix stack(static_cast<int64_t>(experts.size()), first.rows(), first.cols(),
                      groups ? ScaleGranularity::group : ScaleGranularity::row, first.group_size());
  for (size_t e = 0; e < experts.size(); ++e) {
    const TernaryMatrix& one = (experts[e].*part)().matrix();
    if ((one.granularity() == ScaleGranularity::group) != groups || one.group_size() != first.group_size())
      return error(StatusCode::invalid_argument, "expert ", e, " has a scale for ", one.group_size(),
                   " columns, expert 0 for ", first.group_size());
    std::ranges::copy(one.words(), stack.words().subspan(e * one.words().size()).begin());
    const auto per_expert = stack.scales().size() / experts.size();
    const auto scales = stack.scales().subspan(e * per_expert, per_expert);
    if (one.granularity() == ScaleGranularity::tensor) {
      std::ranges::fill(scales, one.scales().front());
    } else {
      std::ranges::copy(one.scales(), scales.begin());
    }
  }
  return stack;
}

}  // namespace

Result<TernaryMoELayer> TernaryMoELayer::from_cpu_moe(Backend& backend, const CpuMoELayer& layer) {
  const std::lock_guard lock(backend.mutex());
  TernaryMoELayer moved(backend, layer.config());
  struct Part {
    Weight& to;
    const CpuLinear& (TernaryExpert::*from)() const;
  };
  for (const Part& part : {Part{moved.gate_, &TernaryExpert::gate}, Part{moved.up_, &TernaryExpert::up},
                           Part{moved.down_, &TernaryExpert::down}}) {
    const Result<TernaryMatrix> stack = stack_of(layer.experts(), part.from);
    if (!stack.ok()) return stack.status();
    Result<Weight> weight = backend.upload_weight(*stack, "TernaryMoELayer");
    if (!weight.ok()) return weight.status();
    part.to = *std::move(weight);
  }
  DenseMatrix router{.n_matrices = 1, .rows = layer.n_experts(), .cols = layer.dim(), .dtype = DType::f32, .bytes = {}};
  router.bytes.resize(std::as_bytes(layer.router()).size());
  std::memcpy(router.bytes.data(), layer.router().data(), router.bytes.size());
  Result<Weight> weight = backend.upload_weight(router, "router");
  if (!weight.ok()) return weight.status();
  moved.router_ = *std::move(weight);
  return moved;
}

Result<std::vector<float>> TernaryMoELayer::forward(std::span<const float> x, int64_t tokens) const {
  if (tokens < 1 || static_cast<int64_t>(x.size()) != tokens * dim())
    return error(StatusCode::invalid_argument, "x has ", x.size(), " values, must have ", tokens, " x ", dim());
  const std::lock_guard lock(backend_->mutex());
  DeviceSteps steps(*backend_);
  const int64_t k = config_.n_experts_used, slots = tokens * k;
  const Tensor input = steps.upload(x, {tokens, dim()});
  const Tensor logits = steps.take({tokens, n_experts()}), weights = steps.take({tokens, k});
  const Tensor ids = steps.take({tokens, k}, DType::i32);
  const Tensor hidden = steps.take({slots, gate_.rows}), y = steps.take({tokens, dim()});
  if (!steps.ops.ok()) return steps.ops.finish();
  steps.ops(DenseMatmul{.x = input, .weight = router_, .expert_ids = {}, .y = logits});
  steps.ops(RouteTokens{
      .logits = logits, .expert_ids = ids, .weights = weights, .renormalize = config_.renormalize, .scale = 1.0f});
  const Tensor gate = steps.product(input, gate_, ids, config_.precision);
  const Tensor up = steps.product(input, up_, ids, config_.precision);
  if (!steps.ops.ok()) return steps.ops.finish();
  steps.ops(
      GatedActivation{.gate = gate, .up = up, .y = hidden, .activation = config_.activation, .clamp = config_.clamp});
  const Tensor out = steps.product(hidden, down_, ids, config_.precision);
  if (!steps.ops.ok()) return steps.ops.finish();
  steps.ops(CombineExperts{.x = out, .weights = weights, .y = y});
  return steps.download(y);
}

}  // namespace tritium
