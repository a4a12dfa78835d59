// How windows of a text are scored: as the trainer validates, by sliding windows that count each token once, and as
// published code slides, which counts the tail often.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tritium/model.hpp"

namespace tritium::experiment {

// Of the tokens [start, start + size) those from `first` on are scored, with the others of it before them as context.
struct Window {
  int64_t start = 0, size = 0, first = 0;
};

// Neighbours that share one token, as train() validates: each has at most `inputs` tokens before the last that it
// scores.
std::vector<Window> separate_windows(int64_t tokens, int64_t inputs);
// `size` tokens each, `stride` apart; the first window that reaches the end is the last.
std::vector<Window> sliding_windows(int64_t tokens, int64_t size, int64_t stride);
// The same with the fault of the published code: windows begin wherever a token is left, and each scores its last
// `stride` tokens, so that those of the end count up to size / stride times.
std::vector<Window> tail_rescoring_windows(int64_t tokens, int64_t size, int64_t stride);

struct Score {
  double nats = 0;  // in all
  int64_t tokens = 0;
};

// Negative log-likelihoods summed in double precision, with floats as inputs and in the cache. `went_on`: a part of
// the windows; false cancels.
Result<Score> score(const Model& model, std::span<const int32_t> tokens, const std::vector<Window>& windows,
                    const std::function<bool(double)>& went_on);

}  // namespace tritium::experiment
