// The two halves of a transformer layer.
#pragma once

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace tritium {

// Everything a layer needs, for n tokens.
struct LayerContext {
  const Config& config;
  const LayerConfig& layer_config;
  const LayerWeights& weights;
  const Adapters& adapters;
  LayerCache& cache;
  ForwardState& state;
  Ops& ops;
  int64_t n = 0;

  Tensor token_rows() const { return state.act.rows.view({n, 2}); }
  // The first rows of an activation buffer, shaped for this batch.
  Tensor rows(const Tensor& buffer, int64_t cols) const { return buffer.view({n, cols}); }
};

// x_mid = x + attention(norm(x))
void attention_part(const LayerContext& c);

// x = x_mid + ffn(norm(x_mid)): dense, or a mixture of experts
void feed_forward_part(const LayerContext& c);

}  // namespace tritium
