// The forward pass of every architecture: token ids in, logits out. Written once on Ops.
#pragma once

#include <cstdint>
#include <span>

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"
#include "ops/ops.h"

namespace tritium {

// What of a batch's logits is wanted.
enum class Logits { last, all };

// Runs `tokens` (1 … options.batch of them, each below vocab_size) at positions position … position + n - 1, extends
// the caches, and writes logits to `out`: [vocab_size] or [n, vocab_size]. position + n must not exceed the capacity.
// Returns the first error of any operation; the caches' rows from `position` on are then undefined, earlier ones
// intact. The caller holds the backend's mutex.
Status forward(const Config& config, const Weights& weights, ForwardState& state, Ops& ops,
               std::span<const int32_t> tokens, int64_t position, Logits wanted, std::span<float> out);

}  // namespace tritium
