#include "model/token_work.h"

namespace tritium {

TokenWork token_work(const Config& config, const Weights& weights) {
  TokenWork work;
  const ModelParameters& model = weights.parameters;
  for (const auto& parameter : weights.owned) {
    const Weight& w = parameter->weight();
    const auto bytes = static_cast<uint64_t>(w.data.bytes() + (w.has_scales() ? w.scales.bytes() : 0));
    work.model_bytes += bytes;
    if (parameter.get() == model.token_embd && model.output != model.token_embd) {
      work.weight_bytes += bytes / static_cast<uint64_t>(w.rows);
      continue;
    }
    const auto stack = static_cast<uint64_t>(w.n_matrices);
    const uint64_t used = stack > 1 ? static_cast<uint64_t>(config.n_experts_used) : 1;
    work.weight_bytes += bytes / stack * used;
    if (w.ternary()) work.ternary_operations += 2 * used * static_cast<uint64_t>(w.rows * w.cols);
  }
  return work;
}

}  // namespace tritium
