// Averages of the shadows over training: exponential (EMA) or of the last steps (SWA; Izmailov et al. 2018). Their
// noise is smaller than that of the last step's weights. For ternary weights they are known to hurt (mass near 0 rounds
// to 0): measure before use.
#pragma once

#include "graph/arena.h"
#include "training/transformer.h"

namespace tritium::training {

struct AverageOptions {
  Average kind = Average::none;
  double decay = 0.997;   // of ema
  double fraction = 0.4;  // of swa: the last part of the steps
};

class Averages {
 public:
  Averages(Ops& ops, Transformer& model, const AverageOptions& options) : ops_(ops), model_(model), options_(options) {}

  // Memory for an FP32 average of every shadow that trains (BitLinear::average).
  Status allocate();
  // After step `step` of `total`. `count`: steps averaged so far; the new number is returned, for the next call and for
  // checkpoints.
  int64_t update(Arena& arena, int64_t step, int64_t total, int64_t count);
  // The averages in place of the shadows; sums, alphas and trits are still those of before.
  Status take_over();

 private:
  Tensor shadow_as_floats(Arena& arena, const BitLinear& parameter);

  Ops& ops_;
  Transformer& model_;
  AverageOptions options_;
};

}  // namespace tritium::training
