// Weights of a Transformer: from a file, with their shadows and shared scales.
#include <cmath>
#include <numeric>

#include "base/counter_rng.h"
#include "base/format_text.h"
#include "model/adapters.h"
#include "model/weights.h"
#include "tensor/half.h"
#include "train/transformer.h"

namespace tritium::training {
namespace {

Shape stack_shape(const TensorSpec& spec) { return {spec.n_matrices(), spec.rows(), spec.cols()}; }

ScaleGranularity granularity_of(const Recipe& recipe) {
  return recipe.scale_sync == ScaleSync::per_group ? ScaleGranularity::group
         : recipe.scale_sync == ScaleSync::per_row ? ScaleGranularity::row
                                                   : ScaleGranularity::tensor;
}

// Trits at once, for they will have no shadow; alphas as files store them.
Result<TernaryMatrix> quantize(std::span<const float> values, const Shape& shape, const Recipe& recipe) {
  Result<TernaryMatrix> matrix =
      TernaryMatrix::from_weights(values, shape[0], shape[1], shape[2], granularity_of(recipe), recipe.group_size);
  if (matrix.ok())
    for (float& scale : matrix->scales()) scale = f16_to_f32(f32_to_f16(scale));
  return matrix;
}

// A ternary tensor keeps its trits where trits are wanted; everything else starts from floats.
Result<BitLinear> load_layer(Allocator& allocator, const TensorMap& source, const TensorSpec& slot,
                             const BitLinearOptions& options, const Recipe& recipe) {
  const bool stochastic = options.mode == WeightMode::stochastic;
  const bool wants_trits = options.mode == WeightMode::ternary || options.mode == WeightMode::frozen || stochastic;
  if (source.find(slot.name)->ternary && wants_trits) {
    const Result<TernaryMatrix> trits = load_trits(source, slot.name);
    if (!trits.ok()) return trits.status();
    return BitLinear::from_ternary(allocator, slot.name, *trits, options);
  }
  if (options.mode == WeightMode::frozen && !slot.exact()) {
    const Result<DenseMatrix> matrix = source.load_dense(slot.name);
    if (!matrix.ok()) return matrix.status();
    return BitLinear::frozen(allocator, slot.name, *matrix);
  }
  const Result<std::vector<float>> values = source.load_f32(slot.name);
  if (!values.ok()) return values.status();
  if (stochastic) {
    const Result<TernaryMatrix> trits = quantize(*values, stack_shape(slot), recipe);
    if (!trits.ok()) return trits.status().within(slot.name);
    return BitLinear::from_ternary(allocator, slot.name, *trits, options);
  }
  return BitLinear::from_weights(allocator, slot.name, stack_shape(slot), *values, options);
}

// What load_layer would make, without its values.
Result<BitLinear> describe_layer(Allocator& allocator, const TensorMap& source, const TensorSpec& slot,
                                 const BitLinearOptions& options, const Recipe& recipe) {
  const Shape shape = stack_shape(slot);
  const TensorInfo& info = *source.find(slot.name);
  const bool stochastic = options.mode == WeightMode::stochastic;
  const bool wants_trits = options.mode == WeightMode::ternary || options.mode == WeightMode::frozen || stochastic;
  if (info.ternary && wants_trits) return load_layer(allocator, source, slot, options, recipe);
  if (stochastic)
    return BitLinear::from_ternary(
        allocator, slot.name,
        TernaryMatrix::described(shape[0], shape[1], shape[2], granularity_of(recipe), recipe.group_size), options);
  if (options.mode == WeightMode::frozen && !slot.exact())
    return BitLinear::frozen(allocator, slot.name,
                             {.n_matrices = shape[0],
                              .rows = shape[1],
                              .cols = shape[2],
                              .dtype = is_packed(info.dtype) || info.ternary ? DType::f16 : info.dtype,
                              .bytes = {}});
  return BitLinear::from_weights(allocator, slot.name, shape, {}, options);
}

constexpr int64_t kProductAlign = 8;  // rows of weights lie without gaps then

// Of an adapter's parts, which start at A = small noise and B = 0: at first nothing is added (Hu et al. 2021, 4.1).
std::vector<float> first_values_of_a(int64_t elements, int64_t cols, uint64_t seed) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(cols));
  std::vector<float> values(static_cast<size_t>(elements));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((2.0 * random_unit(seed, i) - 1.0) * bound);
  return values;
}

}  // namespace

WeightMode mode_of(const TensorSpec& tensor, const Recipe& recipe) {
  if (!tensor.learned) return WeightMode::frozen;
  if (const ModeRule* rule = rule_for(recipe.rules, tensor.name)) return rule->mode;
  switch (tensor.role) {
    case TensorRole::embedding: return recipe.embedding;
    case TensorRole::attention: return recipe.attention;
    case TensorRole::feed_forward: return recipe.feed_forward;
    case TensorRole::head: return recipe.head;
    case TensorRole::router: return recipe.routers;
    case TensorRole::norm: return recipe.norms;
    case TensorRole::adapter: break;
  }
  return WeightMode::full;
}

Status Transformer::load(Allocator& allocator, const TensorMap& source) {
  if (source.find(kRopeFactors)) {
    Result<std::vector<float>> factors = source.load_f32(kRopeFactors);
    if (!factors.ok()) return factors.status();
    rope_factors_ = *std::move(factors);
  }
  parameters_.layers.resize(config_.layers.size());
  for (const TensorSpec& slot : tensor_specs(config_)) {
    if (!source.find(slot.name)) continue;  // an optional one: the head is the embedding
    const int64_t group = recipe_.scale_sync == ScaleSync::per_group ? recipe_.group_size : 0;
    WeightMode mode = mode_of(slot, recipe_);
    const bool made_ternary = mode == WeightMode::ternary && !source.find(slot.name)->ternary;
    if (recipe_.as_stored && made_ternary) mode = WeightMode::full;
    const bool inside = mode == WeightMode::lora_qat;  // its shadow is made anew each step
    const BitLinearOptions options = {.mode = mode == WeightMode::lora ? WeightMode::frozen
                                              : inside                 ? WeightMode::ternary
                                                                       : mode,
                                      .shadow = slot.exact() || inside ? ShadowPrecision::fp32 : recipe_.shadow,
                                      .group_size = group};
    const auto make = allocator.counts() ? describe_layer : load_layer;
    Result<BitLinear> layer = make(allocator, source, slot, options, recipe_);
    if (!layer.ok()) return layer.status();
    BitLinear& added = by_name_.emplace(slot.name, *std::move(layer)).first->second;
    added.role = slot.role;
    added.layer = slot.layer;
    if (recipe_.scale_sync == ScaleSync::per_group && added.as_loaded && added.mode == WeightMode::ternary &&
        added.group_size != (recipe_.group_size < added.cols ? recipe_.group_size : 0))
      return error(StatusCode::unsupported, slot.name, ": the trits of the file have a scale for ",
                   added.group_size > 0 ? join(added.group_size, " columns") : std::string("whole rows"),
                   ", scale_sync per_group wants one for ", recipe_.group_size, ": auto keeps the file's");
    if (Status s = keep_in_part(added, mode); !s.ok()) return s;
    order_.push_back(&added);
    slot.where(parameters_) = &added;
    if (mode == WeightMode::lora || inside)
      if (Status s = add_adapter(allocator, added); !s.ok()) return s;
  }
  if (recipe_.trained_experts > 0 && !config_.moe())
    return error(StatusCode::invalid_argument, "experts_train: the model has no experts");
  if (recipe_.trained_experts > 0 && recipe_.trained_experts < config_.n_experts) {
    std::vector<int32_t> as_in_file(static_cast<size_t>(config_.n_experts));
    std::iota(as_in_file.begin(), as_in_file.end(), 0);
    experts_.assign(config_.layers.size(), as_in_file);
  }
  for (size_t i = 0; config_.moe() && i < config_.layers.size(); ++i)
    uses_.push_back(allocator.tensor("experts' uses", {config_.n_experts}));
  if (!parameters_.output) parameters_.output = parameters_.token_embd;
  step_tensor_ = allocator.tensor("step", step_shape());
  Result<Quantizers> quantizers = make_quantizers(allocator, order_,
                                                  {.ternary = recipe_.ternary_quantizer,
                                                   .trained_by_threshold = config_.architecture == "maple",
                                                   .integers = recipe_.integer_quantizer,
                                                   .scale_sync = recipe_.scale_sync,
                                                   .scales = recipe_.scales});
  if (!quantizers.ok()) return quantizers.status();
  quantizers_ = *std::move(quantizers);
  for (BitLinear* p : order_)
    if (p->adapter_inside())
      if (Status s = p->keep_base(allocator); !s.ok()) return s;
  return allocator.status();
}

// Of a stack of experts only so many train as the recipe says.
Status Transformer::keep_in_part(BitLinear& layer, WeightMode wanted) const {
  const int64_t n = recipe_.trained_experts;
  const auto refuse = [&](auto... what) {
    return error(StatusCode::invalid_argument, "experts_train: ", layer.name, what...);
  };
  const bool some = n > 0 && n < config_.n_experts;
  if (some && layer.role == TensorRole::router && wanted != WeightMode::full && wanted != WeightMode::frozen)
    return refuse(" is quantised, and its rows change their places with the experts: routers full or frozen");
  if (n < 1 || layer.n_matrices <= n) return Status();
  if (wanted != WeightMode::ternary || !layer.as_loaded)
    return refuse(
        " must be ternary in the file and while it trains (feed_forward ternary): the experts that do not train stay "
        "packed");
  if (layer.beyond_f16) return refuse(" has scales that F16 cannot hold, as trained ones must; train all");
  layer.n_matrices = n;
  return Status();
}

Status Transformer::add_adapter(Allocator& allocator, BitLinear& layer) {
  const int64_t rank = recipe_.lora_rank, n = layer.n_matrices;
  const uint64_t seed = random_bits(recipe_.seed, order_.size());
  const bool inside = layer.mode == WeightMode::ternary;
  if (inside && (rank % kProductAlign != 0 || layer.cols % kProductAlign != 0))
    return error(StatusCode::invalid_argument, layer.name, ": lora_qat multiplies B and A, whose rank (", rank,
                 ") and columns (", layer.cols, ") must be multiples of ", kProductAlign,
                 layer.cols % kProductAlign == 0
                     ? join(": lora_rank 8, 16, 24 …")
                     : join("; it can learn another way (weights: ", layer.name, "=ternary)"));
  const BitLinearOptions options = {
      .mode = WeightMode::full, .shadow = inside ? ShadowPrecision::fp32 : recipe_.shadow, .group_size = 0};
  const bool described = allocator.counts();
  const std::vector<float> noise = first_values_of_a(described ? 0 : n * rank * layer.cols, layer.cols, seed);
  const std::vector<float> zeros(described ? 0 : static_cast<size_t>(n * layer.rows * rank));
  Result<BitLinear> a = BitLinear::from_weights(allocator, layer.name + kLoraA, {n, rank, layer.cols}, noise, options);
  if (!a.ok()) return a.status();
  Result<BitLinear> b = BitLinear::from_weights(allocator, layer.name + kLoraB, {n, layer.rows, rank}, zeros, options);
  if (!b.ok()) return b.status();
  layer.lora_a = &by_name_.emplace(layer.name + kLoraA, *std::move(a)).first->second;
  layer.lora_b = &by_name_.emplace(layer.name + kLoraB, *std::move(b)).first->second;
  layer.lora_scale = static_cast<float>(recipe_.lora_alpha / static_cast<double>(rank));
  for (BitLinear* part : {layer.lora_a, layer.lora_b}) {
    part->role = TensorRole::adapter;
    part->layer = layer.layer;
    order_.push_back(part);
  }
  return Status();
}

Result<std::unique_ptr<Transformer>> Transformer::create(Allocator& allocator, const CheckedModel& source,
                                                         const Recipe& recipe) {
  std::unique_ptr<Transformer> model(new Transformer(source.config(), recipe));
  if (Status status = model->load(allocator, source.tensors()); !status.ok()) return status;
  return model;
}

}  // namespace tritium::training
