#include "model/adapters.h"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"
#include "model/weights.h"

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
  return Status();
}

Result<DenseMatrix> load_part(const TensorMap& source, const std::string& name) {
  if (!source.find(name)) return error(StatusCode::corrupt_file, source.source(), ": ", name, " is missing");
  return source.load_dense(name);
}

Result<Adapter> load_adapter(const TensorMap& source, const WeightSlot& slot, double alpha, float strength,
                             Backend& backend) {
  const Result<DenseMatrix> a = load_part(source, slot.name + kLoraA), b = load_part(source, slot.name + kLoraB);
  if (!a.ok()) return a.status();
  if (!b.ok()) return b.status();
  const size_t rank = slot.shape.size();
  const int64_t experts = rank == 3 ? slot.shape[0] : 1, rows = slot.shape[rank - 2], cols = slot.shape[rank - 1];
  if (a->n_matrices != experts || b->n_matrices != experts || a->cols != cols || b->rows != rows || a->rows != b->cols)
    return error(StatusCode::invalid_argument, source.source(), ": the adapter of ", slot.name, " is for ",
                 b->n_matrices, " x [", b->rows, ",", a->cols, "] by rank ", a->rows, " and ", b->cols,
                 ", the model has ", experts, " x [", rows, ",", cols, "]");
  Adapter adapter;
  Result<Weight> weight_a = backend.upload_weight(*a, slot.name + kLoraA);
  if (!weight_a.ok()) return weight_a.status();
  Result<Weight> weight_b = backend.upload_weight(*b, slot.name + kLoraB);
  if (!weight_b.ok()) return weight_b.status();
  adapter.a = *weight_a;
  adapter.b = *weight_b;
  adapter.scale = strength * static_cast<float>(alpha > 0 ? alpha / static_cast<double>(a->rows) : 1.0);
  return adapter;
}

}  // namespace

Result<Adapters> load_adapters(const TensorMap& source, const Config& config, float strength, Backend& backend) {
  if (Status s = check_kind(source, config); !s.ok()) return s;
  if (!std::isfinite(strength))
    return error(StatusCode::invalid_argument, "the adapter's strength is ", strength, ", must be a number");
  const double alpha = source.metadata().real("adapter.lora.alpha").value_or(0.0);
  Adapters adapters;
  size_t used = 0;
  for (const WeightSlot& slot : weight_slots(config)) {
    const bool has_a = source.find(slot.name + kLoraA), has_b = source.find(slot.name + kLoraB);
    if (!has_a && !has_b) continue;
    // Rows of the embedding are looked up, not multiplied with; norms are vectors.
    if (slot.kind != WeightKind::matrix || slot.name == "token_embd.weight")
      return error(StatusCode::unsupported, source.source(), ": adapters of ", slot.name, " are not supported");
    Result<Adapter> adapter = load_adapter(source, slot, alpha, strength, backend);
    if (!adapter.ok()) return adapter.status();
    adapters.rank = std::max(adapters.rank, adapter->a.rows);
    adapters.rows = std::max(adapters.rows, adapter->b.rows);
    adapters.by_weight.emplace(slot.name, *std::move(adapter));
    used += 2;
  }
  if (used == 0) return error(StatusCode::corrupt_file, source.source(), ": the adapter has no tensors for this model");
  for (const TensorInfo& info : source.tensors()) {
    const std::string base = info.name.substr(0, info.name.rfind('.'));
    if (!adapters.by_weight.contains(base))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name,
                   " belongs to no weight of the model");
  }
  return adapters;
}

}  // namespace tritium
