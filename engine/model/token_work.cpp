#include "model/token_work.h"

#include <algorithm>
#include <map>

#include "model/tensors.h"

namespace tritium {
namespace {

struct Use {
  bool table = false;
  uint64_t times = 1;
};

// How a token uses each parameter.
std::map<const Parameter*, Use> uses_of(const Config& config, ModelParameters parameters) {
  std::map<const Parameter*, Use> uses;
  for (const TensorSpec& spec : tensor_specs(config)) {
    const Parameter* p = spec.where(parameters);
    if (!p || uses.contains(p)) continue;  // the head that is the embedding comes last
    const bool of_layer = spec.layer >= 0 && spec.layer < config.n_layers();
    const Use use = {.table = spec.table && p != parameters.output,
                     .times = of_layer ? static_cast<uint64_t>(std::ranges::count(config.order, spec.layer)) : 1};
    for (const Parameter* part : {p, p->low_rank().a, p->low_rank().b})
      if (part) uses[part] = use;
  }
  return uses;
}

}  // namespace

TokenWork token_work(const Config& config, const Weights& weights) {
  TokenWork work;
  const std::map<const Parameter*, Use> uses = uses_of(config, weights.parameters);
  for (const auto& parameter : weights.owned) {
    const auto found = uses.find(parameter.get());
    const Use use = found == uses.end() ? Use() : found->second;
    const Weight& w = parameter->weight();
    const auto bytes = static_cast<uint64_t>(w.data.bytes() + (w.has_scales() ? w.scales.bytes() : 0));
    work.model_bytes += bytes;
    if (use.table) {
      work.weight_bytes += use.times * bytes / static_cast<uint64_t>(w.rows);
      continue;
    }
    const auto stack = static_cast<uint64_t>(w.n_matrices);
    const uint64_t used = use.times * (stack > 1 ? static_cast<uint64_t>(config.n_experts_used) : 1);
    work.weight_bytes += bytes / stack * used;
    if (w.ternary()) work.ternary_operations += 2 * used * static_cast<uint64_t>(w.rows * w.cols);
  }
  return work;
}

}  // namespace tritium
