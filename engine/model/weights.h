// Weights: the parameters of a transformer on a backend, for inference.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/tensors.h"
#include "ops/backend.h"
#include "tensor/tensor_map.h"

namespace tritium {

struct Weights {
  ModelParameters parameters;
  std::vector<float> rope_factors;  // (rope_dims / 2): frequencies are divided by these; empty: by 1
  // What `parameters` points to: the tensors of the model, and those of adapters beside them.
  std::vector<std::unique_ptr<FixedParameter>> owned;
  // Of load_adapters: by the weight's name.
  FixedParameter* find(const std::string& name) const;
};

// Checks names and shapes of `source` against the configuration: what is missing, what has another shape, and what the
// model would leave unused (an unused tensor means mathematics that is not done here). Loads nothing.
Status check_tensors(const TensorMap& source, const Config& config);

// What load_weights would make, without memory: enough to plan with. The tensors were checked.
Weights describe_weights(const TensorMap& source, const Config& config);

// A ternary tensor, with bitnet's optional factor of it (blk.0.attn_q.scale) in its scales.
Result<TernaryMatrix> load_trits(const TensorMap& source, const std::string& name);

// check_tensors, then moves everything to the backend. `progress` gets a fraction and may return false to cancel.
// The caller holds backend.mutex().
Result<Weights> load_weights(const TensorMap& source, const Config& config, Backend& backend,
                             const std::function<bool(double)>& progress);

}  // namespace tritium
