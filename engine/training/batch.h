// Token streams -> batches. A batch is a function of (stream, seed, step) alone: a run that resumes at a step sees what
// it would have seen.
#pragma once

#include "training/corpus.h"

namespace tritium::training {

struct Batch {
  int64_t n_sequences = 0;
  int64_t sequence_length = 0;
  std::vector<int32_t> inputs;   // [n_sequences * sequence_length]
  std::vector<int32_t> targets;  // the token after each; -1: not scored
  int64_t n_scored = 0;
};

// Windows of the stream in a new order each epoch, from a new offset.
// Thread rule: one thread at a time.
class BatchPlan {
 public:
  // invalid_argument when the stream is shorter than a sequence and the token after it.
  static Result<BatchPlan> create(const TokenStream& stream, int64_t sequence_length, int64_t n_sequences,
                                  uint64_t seed);
  // Step counts from 0. `stream` of create() must still be there.
  Batch batch(int64_t step);
  double steps_per_epoch() const;

 private:
  BatchPlan() = default;
  void enter_epoch(int64_t epoch);

  const TokenStream* stream_ = nullptr;
  int64_t sequence_length_ = 0, n_sequences_ = 0, per_epoch_ = 0;
  uint64_t seed_ = 0;
  int64_t epoch_ = -1;
  std::vector<int64_t> starts_;  // of the epoch's windows, in order
};

// Consecutive windows that score every scored token but the first exactly once; the last is filled up with unscored
// ones. At most `limit` tokens (0: all).
std::vector<Batch> evaluation_batches(const TokenStream& stream, int64_t sequence_length, int64_t n_sequences,
                                      int64_t limit);

}  // namespace tritium::training
