// Averages of the shadows over training: exponential (EMA) or of the last steps (SWA; Izmailov et al. 2018). Their
// noise is smaller than that of the last step's weights. For ternary weights they are known to hurt (mass near 0 rounds
// to 0): measure before use.
#pragma once

#include "train/transformer.h"

namespace tritium::training {

struct AverageOptions {
  Average kind = Average::none;
  double decay = 0.997;   // of ema
  double fraction = 0.4;  // of swa: the last part of the steps
};

class Averages {
 public:
  Averages(Transformer& model, const AverageOptions& options) : model_(model), options_(options) {}

  // Memory for an FP32 average of every shadow that trains (BitLinear::average).
  void allocate(Allocator& allocator);
  // After step `step` of `total`. `count`: steps averaged so far; the new number is returned, for the next call and for
  // checkpoints.
  Result<int64_t> update(Workspace& workspace, int64_t step, int64_t total, int64_t count);
  // What update() runs: average <- (1 - share) average + share shadow.
  void record(Ops& ops, double share) const;
  // The averages in place of the shadows; sums, alphas and trits are still those of before.
  Status take_over(Backend& backend);

 private:
  static Tensor shadow_as_floats(Ops& ops, const BitLinear& parameter);

  Transformer& model_;
  AverageOptions options_;
};

}  // namespace tritium::training
