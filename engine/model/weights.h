// Weights: the parameters of a transformer on a backend, for inference.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/checked_model.h"
#include "model/tensors.h"
#include "ops/backend.h"

namespace tritium {

struct Weights {
  ModelParameters parameters;
  std::vector<float> rope_factors;  // (rope_dims / 2): frequencies are divided by these; empty: by 1
  // What `parameters` points to: the tensors of the model.
  std::vector<std::unique_ptr<FixedParameter>> owned;
  FixedParameter* find(const std::string& name) const;  // by the weight's name; null: there is none
};

// The same tensors, in the same memory, as parameters of their own.
Weights share_weights(const Weights& weights, const Config& config);

// What load_weights would make, without memory: enough to plan with.
Weights describe_weights(const CheckedModel& model);

// A ternary tensor, with bitnet's optional factor of it (blk.0.attn_q.scale) in its scales.
Result<TernaryMatrix> load_trits(const TensorMap& source, const std::string& name);

class WeightCache;
// What an earlier load_weights left in a file for backends of this one's layout; factors of rope come from the model.
Result<Weights> restore_weights(const CheckedModel& model, Backend& backend, const WeightCache& cache);

// Moves everything to the backend. `progress` gets a fraction and may return false to cancel. The caller holds
// backend.mutex().
Result<Weights> load_weights(const CheckedModel& model, Backend& backend, const std::function<bool(double)>& progress);

}  // namespace tritium
