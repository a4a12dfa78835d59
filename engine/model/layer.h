// The two halves of a transformer layer, as functions of the residual stream.
#pragma once

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace tritium {

// Everything a layer needs beside the stream. R rows: the tokens of the pass.
struct LayerContext {
  const Config& config;
  const LayerConfig& layer_config;
  const LayerWeights& weights;
  const Adapters& adapters;
  const LayerCache& cache;
  const Tensor& rows;     // i32 (R, 2): ops/op.h
  const Tensor& cos_sin;  // (capacity, rope_dims / 2, 2)
  ActivationMode activations;
  Ops& ops;

  Tensor norm(const Tensor& x, const Tensor& weight) const {
    const Tensor y = ops.temporary(x.shape);
    ops(RmsNorm{.x = x, .weight = weight, .y = y, .eps = config.rms_eps});
    return y;
  }
  Tensor sum(const Tensor& a, const Tensor& b) const {
    const Tensor y = ops.temporary(a.shape);
    ops(Add{.a = a, .b = b, .y = y});
    return y;
  }
};

// x + attention(norm(x)); x is (R, dim)
Tensor attention_part(const LayerContext& c, const Tensor& x);

// x + ffn(norm(x)): dense, or a mixture of experts
Tensor feed_forward_part(const LayerContext& c, const Tensor& x);

}  // namespace tritium
