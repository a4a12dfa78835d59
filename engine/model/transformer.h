// The forward pass of every architecture: token ids in, logits out. One function records it; what was recorded runs for
// every batch of that shape.
#pragma once

#include <cstdint>
#include <span>

#include "model/config.h"
#include "model/state.h"
#include "model/weights.h"
#include "ops/not_finite.h"
#include "ops/ops.h"

namespace tritium {

// What of a batch's logits is wanted.
enum class Logits { none, last, all };

// Runs `tokens` (1 … options.batch of them, each below vocab_size) of one sequence, the first at `first`, extends the
// caches, and writes logits to `out`: nothing, [vocab_size] or [n, vocab_size]. first.position + n must not exceed the
// capacity. `experts`, unless it is empty, gets the experts that were chosen for the last ones of the tokens:
// [so many, steps, n_experts_used] (Config::n_choices), the largest weight first. Returns the first error of any
// operation; the sequence's rows in the caches from `first` on are then undefined, earlier ones intact. The caller
// holds the backend's mutex.
Status forward(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
               std::span<const int32_t> tokens, TokenPosition first, Logits wanted, std::span<float> out,
               std::span<int32_t> experts = {});

// A token of each of several sequences, all different, as one pass: the logits after each, [n, vocab_size], are those
// that forward() gives for it alone, and so are the experts, of all tokens or none. Errors likewise, of all of these
// sequences.
Status forward_together(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                        std::span<const int32_t> tokens, std::span<const TokenPosition> at, std::span<float> out,
                        std::span<int32_t> experts = {});

// The same as forward() for the hidden values after the last norm, before the head: nothing, [dim] or [n, dim].
Status forward_hidden(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, TokenPosition first, Logits wanted, std::span<float> out);

// The same, and finds on the device the token whose logit is the largest after each of the last best.size() ones of
// `tokens`, at most logit_rows (ops/argmax.h; -1: a logit is not finite): 4 bytes are read instead of vocab_size
// logits. Those stay in state.tensors.logits until the next pass that has any.
Status forward_greedy(const Config& config, const Weights& weights, ForwardState& state, Backend& backend,
                      std::span<const int32_t> tokens, TokenPosition first, std::span<int32_t> best,
                      std::span<int32_t> experts = {});

// The same pass again, operation by operation: the first value that is not finite.
Result<NotFinite> forward_not_finite(const Config& config, const Weights& weights, ForwardState& state,
                                     Backend& backend, std::span<const int32_t> tokens, TokenPosition first,
                                     Logits wanted);

// Reads the logits that forward_greedy left, of the first rows: [n, vocab_size].
Status download_logits(const Config& config, const ForwardState& state, Backend& backend, std::span<float> out);

// The operations of a pass on the state's tensors and caches. Nothing in them depends on values.
void record_pass(Ops& ops, const Config& config, const Weights& weights, const ForwardState& state,
                 const PassShape& shape);

}  // namespace tritium
