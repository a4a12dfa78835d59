// Batches of a stream of tokens: which windows of it a step learns from, as a pure function of (seed, step), so that a
// training run is resumed by the number of its step alone.
#pragma once

#include <cstdint>
#include <vector>

#include "train/data/corpus.h"
#include "tritium/status.hpp"

namespace tritium {

struct Batch {
  int64_t n_sequences = 0;
  int64_t sequence_length = 0;
  std::vector<int32_t> inputs;   // (n_sequences, sequence_length)
  std::vector<int32_t> targets;  // (n_sequences, sequence_length): the token after each input; -1: does not count
  int64_t n_scored = 0;          // targets that count
};

// The stream is cut into windows of sequence_length tokens and the one after. Each epoch begins the cut at another
// offset below sequence_length, and visits those windows in which something counts once, in an order of its own. A
// batch that an epoch does not fill goes on with the next one.
class BatchPlan {
 public:
  // `stream` must outlive the plan. invalid_argument: a size below 1, a stream shorter than sequence_length + 1 tokens,
  // or one in which no target counts.
  static Result<BatchPlan> create(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences,
                                  uint64_t seed);

  // Enough steps for any epoch. Those with fewer windows, because of their offset, take fewer.
  int64_t steps_per_epoch() const;

  // step >= 0. One thread at a time: the order of the latest epoch is kept for the next call. Steps in ascending order
  // cost O(batch), and O(stream) when an epoch begins; going back costs a walk through the epochs from the first on.
  Batch batch(int64_t step) const;

 private:
  struct Epoch {
    int64_t number = -1;
    int64_t first_sequence = 0;   // how many sequences the epochs before it have
    std::vector<int64_t> starts;  // of its windows, in the order of visits; empty: not computed
  };

  BatchPlan(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences, uint64_t seed)
      : stream_(&stream), sequence_length_(sequence_length), n_sequences_(n_sequences), seed_(seed) {}

  void count_windows();
  size_t offset_index(int64_t epoch) const;
  std::vector<int64_t> window_starts(int64_t epoch) const;
  void go_to_epoch_of(int64_t sequence) const;

  const CorpusTokens* stream_;
  int64_t sequence_length_;
  int64_t n_sequences_;
  uint64_t seed_;
  std::vector<int64_t> offsets_;    // those with a window in which something counts
  std::vector<int64_t> n_windows_;  // of each offset
  mutable Epoch epoch_;             // where the latest call ended; results do not depend on it
};

// Consecutive windows in which each token that counts, but the stream's first, is a target exactly once. Windows
// without one are left out. What is missing in the last window and the last batch is filled with inputs 0, targets -1.
std::vector<Batch> evaluation_batches(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences);

}  // namespace tritium
