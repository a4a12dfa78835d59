#include "model/adapters.h"

#include <cmath>
#include <set>

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

Status load_adapter(const TensorMap& source, const TensorSpec& slot, double alpha, float strength, Backend& backend,
                    Weights& weights) {
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
  FixedParameter* adapted = weights.find(slot.name);
  const auto own = [&](Weight& weight) {
    weights.owned.push_back(std::make_unique<FixedParameter>(std::move(weight)));
    return weights.owned.back().get();
  };
  const double rank = static_cast<double>(a->rows);
  adapted->set_low_rank({.a = own(*weight_a),
                         .b = own(*weight_b),
                         .scale = strength * static_cast<float>(alpha > 0 ? alpha / rank : 1.0)});
  return Status();
}

}  // namespace

Status load_adapters(const TensorMap& source, const Config& config, float strength, Backend& backend,
                     Weights& weights) {
  if (Status s = check_kind(source, config); !s.ok()) return s;
  if (!std::isfinite(strength))
    return error(StatusCode::invalid_argument, "the adapter's strength is ", strength, ", must be a number");
  const std::string alpha_key = "adapter.lora.alpha";
  const double alpha = source.metadata().real(alpha_key).value_or(0.0);
  if (source.metadata().contains(alpha_key) && !(source.metadata().real(alpha_key) && std::isfinite(alpha)))
    return error(StatusCode::corrupt_file, source.source(), ": key ", alpha_key, " must be a number");
  std::set<std::string> adapted;
  for (const TensorSpec& spec : tensor_specs(config)) {
    const bool has_a = source.find(spec.name + kLoraA), has_b = source.find(spec.name + kLoraB);
    if (!has_a && !has_b) continue;
    // Rows of the embedding are looked up, not multiplied with; norms are vectors.
    if (spec.exact() || spec.role == TensorRole::embedding || !weights.find(spec.name))
      return error(StatusCode::unsupported, source.source(), ": adapters of ", spec.name, " are not supported");
    if (Status s = load_adapter(source, spec, alpha, strength, backend, weights); !s.ok()) return s;
    adapted.insert(spec.name);
  }
  if (adapted.empty())
    return error(StatusCode::corrupt_file, source.source(), ": the adapter has no tensors for this model");
  for (const TensorInfo& info : source.tensors())
    if (!adapted.contains(info.name.substr(0, info.name.rfind('.'))))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name,
                   " belongs to no weight of the model");
  return Status();
}

}  // namespace tritium
