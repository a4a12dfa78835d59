// What a token costs: the bytes of weights that are read for it, and the operations of its ternary products.
#pragma once

#include <cstdint>

#include "model/config.h"
#include "model/weights.h"

namespace tritium {

struct TokenWork {
  // As the weights are laid out, scales included: of a stack of experts those that a token uses, of a table that is
  // not the head its one row, those of a layer that computes several times as often.
  uint64_t weight_bytes = 0;
  uint64_t ternary_operations = 0;  // 2 for each trit that a token is multiplied with
  uint64_t model_bytes = 0;         // of all weights
};

// `weights` may be described only (describe_weights).
TokenWork token_work(const Config& config, const Weights& weights);

}  // namespace tritium
