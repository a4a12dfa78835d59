#include "model/adapters.h"

#include <cmath>
#include <set>

#include "base/cancel.h"
#include "base/format_text.h"
#include "model/metadata_keys.h"

namespace tritium {
namespace {

Status check_kind(const TensorMap& source, const Config& config) {
  const auto text = [&](const char* key) {
    const std::string* value = source.metadata().text(key);
    return value ? *value : std::string();
  };
  if (text("general.type") != "adapter" || text("adapter.type") != "lora")
    return error(StatusCode::invalid_argument, source.source(),
                 " is not a LoRA adapter (general.type \"adapter\", adapter.type \"lora\")");
  if (const std::string architecture = text("general.architecture"); architecture != config.architecture)
    return error(StatusCode::invalid_argument, source.source(), " is an adapter for ", architecture,
                 ", the model is a ", config.architecture);
  return refuse_keys(source.metadata(), config.architecture, model_keys()).within(source.source());
}

Result<DenseMatrix> load_part(const TensorMap& source, const std::string& name) {
  if (!source.find(name)) return error(StatusCode::corrupt_file, source.source(), ": ", name, " is missing");
  return source.load_dense(name);
}

Result<LowRankAdapter::Part> load_parts_of(const TensorMap& source, const TensorSpec& slot, double alpha,
                                           Backend& backend) {
  const Result<DenseMatrix> a = load_part(source, slot.name + kLoraA), b = load_part(source, slot.name + kLoraB);
  if (!a.ok()) return a.status();
  if (!b.ok()) return b.status();
  const int64_t experts = slot.n_matrices(), rows = slot.rows(), cols = slot.cols();
  if (a->n_matrices != experts || b->n_matrices != experts || a->cols != cols || b->rows != rows || a->rows != b->cols)
    return error(StatusCode::invalid_argument, source.source(), ": the adapter of ", slot.name, " is for ",
                 b->n_matrices, " x [", b->rows, ",", a->cols, "] by rank ", a->rows, " and ", b->cols,
                 ", the model has ", experts, " x [", rows, ",", cols, "]");
  Result<Weight> weight_a = backend.upload_weight(*a, slot.name + kLoraA);
  if (!weight_a.ok()) return weight_a.status();
  Result<Weight> weight_b = backend.upload_weight(*b, slot.name + kLoraB);
  if (!weight_b.ok()) return weight_b.status();
  const auto rank = static_cast<double>(a->rows);
  return LowRankAdapter::Part{.weight = slot.name,
                              .a = FixedParameter(*std::move(weight_a)),
                              .b = FixedParameter(*std::move(weight_b)),
                              .scale = static_cast<float>(alpha > 0 ? alpha / rank : 1.0)};
}

}  // namespace

Result<LowRankAdapter> load_adapter(const TensorMap& source, const Config& config, const Weights& weights,
                                    Backend& backend) {
  if (Status s = check_kind(source, config); !s.ok()) return s;
  const std::string alpha_key = "adapter.lora.alpha";
  const double alpha = source.metadata().real(alpha_key).value_or(0.0);
  if (source.metadata().contains(alpha_key) && !(source.metadata().real(alpha_key) && std::isfinite(alpha)))
    return error(StatusCode::corrupt_file, source.source(), ": key ", alpha_key, " must be a number");
  LowRankAdapter adapter;
  std::set<std::string> adapted;
  for (const TensorSpec& spec : tensor_specs(config)) {
    const bool has_a = source.find(spec.name + kLoraA), has_b = source.find(spec.name + kLoraB);
    if (!has_a && !has_b) continue;
    if (cancelled()) return cancelled_status();
    // Rows of the embedding are looked up, not multiplied with; norms are vectors.
    if (spec.exact() || spec.role == TensorRole::embedding || !weights.find(spec.name))
      return error(StatusCode::unsupported, source.source(), ": adapters of ", spec.name, " are not supported");
    Result<LowRankAdapter::Part> part = load_parts_of(source, spec, alpha, backend);
    if (!part.ok()) return part.status();
    adapter.parts.push_back(*std::move(part));
    adapted.insert(spec.name);
  }
  if (adapted.empty())
    return error(StatusCode::corrupt_file, source.source(), ": the adapter has no tensors for this model");
  for (const TensorInfo& info : source.tensors())
    if (!adapted.contains(info.name.substr(0, info.name.rfind('.'))))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name,
                   " belongs to no weight of the model");
  return adapter;
}

Weights with_adapter(const Weights& weights, const Config& config, const LowRankAdapter& adapter, float strength) {
  Weights adapted = share_weights(weights, config);
  for (const LowRankAdapter::Part& part : adapter.parts)
    adapted.find(part.weight)->set_low_rank({.a = &part.a, .b = &part.b, .scale = strength * part.scale});
  return adapted;
}

}  // namespace tritium
