// Recorded passes of a state: found by their shape, or recorded, and given their inputs.
#pragma once

#include <cstdint>
#include <span>

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"

namespace tritium {

// The pass of that shape, and its inputs where it looks for them: `tokens`, whose last n_logits ones are those whose
// logits are wanted, and their `rows`, (n_tokens, 2): rows_from(), or of several sequences.
Result<Recording*> ready_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                              const PassShape& shape, std::span<const int32_t> tokens, std::span<const int32_t> rows);

// The same, and runs it.
Status run_pass(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                const PassShape& shape, std::span<const int32_t> tokens, std::span<const int32_t> rows);

// Which experts a pass of that shape, the latest that tells, chose for its last tokens: to `experts`, [tokens, steps,
// n_experts_used], of each step the largest weight first; it may be empty.
Status read_experts(const Config& config, const ForwardState& state, const PassShape& shape,
                    std::span<int32_t> experts);

// Where `experts` are those of the last ones of n tokens: the part of it that is of `count` tokens from `begin` on.
std::span<int32_t> experts_of(const Config& config, std::span<int32_t> experts, size_t n, size_t begin, size_t count);

// Runs it on the inputs that are there.
Status run_again(const Config& config, const Weights& weights, ForwardState& state, const PassShape& shape);

}  // namespace tritium
