// A mixture of experts: the feed-forward part of a model's layer, without its norm and its residual.
#include "layers/mixture.h"

#include "base/format_text.h"
#include "cpu_ref/reference_backend.h"
#include "ops/weight_layout.h"

namespace tritium {
namespace {

// The same trits in one stack. A scale for a whole matrix becomes one for each of its rows.
Result<TernaryMatrix> stack_of(const std::vector<TernaryExpert>& experts, CpuLinear TernaryExpert::*part) {
  Weight stack = describe_weight((experts.front().*part).matrix(), "");
  stack.n_matrices = static_cast<int64_t>(experts.size());
  std::vector<uint32_t> words;
  std::vector<float> scales;
  for (const TernaryExpert& expert : experts) {
    const TernaryMatrix& one = (expert.*part).matrix();
    if (const int64_t group = describe_weight(one, "").group_size; group != stack.group_size)
      return error(StatusCode::invalid_argument, "experts have scales for ", group, " and for ", stack.group_size,
                   " columns");
    const std::vector<float> more = kernel_scales(one);
    words.insert(words.end(), one.words().begin(), one.words().end());
    scales.insert(scales.end(), more.begin(), more.end());
  }
  return matrix_of(stack, words, scales);
}

}  // namespace

Result<TernaryExpert> TernaryExpert::from_weights(std::span<const float> gate, std::span<const float> up,
                                                  std::span<const float> down, int64_t dim, int64_t width) {
  Result<CpuLinear> g = CpuLinear::from_weight(gate, width, dim);
  if (!g.ok()) return g.status().within("gate");
  Result<CpuLinear> u = CpuLinear::from_weight(up, width, dim);
  if (!u.ok()) return u.status().within("up");
  Result<CpuLinear> d = CpuLinear::from_weight(down, dim, width);
  if (!d.ok()) return d.status().within("down");
  return from_linears(*std::move(g), *std::move(u), *std::move(d));
}

Result<TernaryExpert> TernaryExpert::from_linears(CpuLinear gate, CpuLinear up, CpuLinear down) {
  const Shape width_dim = gate.matrix().shape(), dim_width = {1, width_dim[2], width_dim[1]};
  if (up.matrix().shape() != width_dim || down.matrix().shape() != dim_width)
    return error(StatusCode::invalid_argument, "gate ", width_dim.text(), ", up ", up.matrix().shape().text(),
                 " and down ", down.matrix().shape().text(), " do not make an expert");
  return TernaryExpert{.gate = std::move(gate), .up = std::move(up), .down = std::move(down)};
}

// A mixture of one.
Result<std::vector<float>> TernaryExpert::forward(std::span<const float> x, int64_t rows, GateActivation activation,
                                                  float clamp, ActivationMode activations) const {
  return CpuMoELayer{.config = {.activation = activation, .clamp = clamp, .activations = activations},
                     .router = std::vector<float>(static_cast<size_t>(dim())),
                     .experts = {*this}}
      .forward(x, rows);
}

Result<CpuMoELayer> CpuMoELayer::create(MoeConfig config, std::vector<float> router,
                                        std::vector<TernaryExpert> experts) {
  if (experts.empty()) return error(StatusCode::invalid_argument, "a mixture needs at least one expert");
  const auto n = static_cast<int64_t>(experts.size());
  const int64_t dim = experts.front().dim(), width = experts.front().width();
  for (const TernaryExpert& e : experts)
    if (e.dim() != dim || e.width() != width)
      return error(StatusCode::invalid_argument, "experts of ", e.dim(), "x", e.width(), " and ", dim, "x", width,
                   " cannot be mixed");
  if (static_cast<int64_t>(router.size()) != n * dim)
    return error(StatusCode::invalid_argument, "the router has ", router.size(), " values, must have ", n, " x ", dim);
  if (config.n_experts_used < 1 || config.n_experts_used > n)
    return error(StatusCode::invalid_argument, "n_experts_used is ", config.n_experts_used, ", must be 1 to ", n);
  return CpuMoELayer{.config = config, .router = std::move(router), .experts = std::move(experts)};
}

Result<CpuMoELayer::Route> CpuMoELayer::route(std::span<const float> x, int64_t tokens) const {
  const std::unique_ptr<Backend> reference = make_reference_backend();
  const Result<TernaryMoELayer> there = TernaryMoELayer::from_cpu_moe(*reference, *this);
  return there.ok() ? there->route(x, tokens) : there.status();
}

Result<std::vector<float>> CpuMoELayer::forward(std::span<const float> x, int64_t tokens) const {
  const std::unique_ptr<Backend> reference = make_reference_backend();
  const Result<TernaryMoELayer> there = TernaryMoELayer::from_cpu_moe(*reference, *this);
  return there.ok() ? there->forward(x, tokens) : there.status();
}

Result<TernaryMoELayer> TernaryMoELayer::from_cpu_moe(Backend& backend, const CpuMoELayer& layer) {
  const std::lock_guard lock(backend.mutex());
  TernaryMoELayer moved(backend, layer.config);
  for (const auto& [to, part] : {std::pair(&moved.gate_, &TernaryExpert::gate),
                                 {&moved.up_, &TernaryExpert::up},
                                 {&moved.down_, &TernaryExpert::down}}) {
    const Result<TernaryMatrix> stack = stack_of(layer.experts, part);
    if (!stack.ok()) return stack.status();
    Result<Weight> weight = backend.upload_weight(*stack, "TernaryMoELayer");
    if (!weight.ok()) return weight.status();
    *to = FixedParameter(*std::move(weight));
  }
  const auto bytes = std::as_bytes(std::span(layer.router));
  const DenseMatrix router = {
      .rows = layer.n_experts(), .cols = layer.dim(), .dtype = DType::f32, .bytes = {bytes.begin(), bytes.end()}};
  Result<Weight> weight = backend.upload_weight(router, "router");
  if (!weight.ok()) return weight.status();
  moved.router_ = FixedParameter(*std::move(weight));
  return moved;
}

template <typename Part>
Result<std::vector<float>> TernaryMoELayer::run(std::span<const float> x, int64_t tokens, const Part& part) const {
  const Config config = {.activation = config_.activation,
                         .n_experts = n_experts(),
                         .n_experts_used = config_.n_experts_used,
                         .renormalize_experts = config_.renormalize};
  const LayerConfig layer = {.swiglu_clamp = config_.clamp};
  const LayerParameters w = {.ffn_router = &router_, .ffn_gate = &gate_, .ffn_up = &up_, .ffn_down = &down_};
  const Rotation none;
  return forward_on(*backend_, x, tokens, dim(), [&](Tape& tape, const Value& input) {
    return part(LayerContext{.tape = tape,
                             .config = config,
                             .layer_config = layer,
                             .parameters = w,
                             .cache = nullptr,
                             .rotation = none,
                             .activations = config_.activations},
                input);
  });
}

Result<CpuMoELayer::Route> TernaryMoELayer::route(std::span<const float> x, int64_t tokens) const {
  CpuMoELayer::Route route;
  Result<std::vector<float>> weights = run(x, tokens, [&](const LayerContext& c, const Value& input) {
    const Routing routing = route_to_experts(c, input);
    route.expert_ids.resize(static_cast<size_t>(routing.expert_ids.elements()));
    c.tape.ops().download(routing.expert_ids, std::as_writable_bytes(std::span(route.expert_ids)));
    return routing.weights;
  });
  if (!weights.ok()) return weights.status();
  route.weights = *std::move(weights);
  return route;
}

Result<std::vector<float>> TernaryMoELayer::forward(std::span<const float> x, int64_t tokens) const {
  return run(x, tokens, mixture_of_experts);
}

}  // namespace tritium
