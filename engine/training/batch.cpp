#include "training/batch.h"

#include <algorithm>

#include "base/counter_rng.h"
#include "base/format_text.h"

namespace tritium::training {
namespace {

// Appends the window at `start`; beyond the stream's end, unscored zeros.
void append_window(const TokenStream& stream, int64_t start, int64_t length, Batch& batch) {
  const auto n = static_cast<int64_t>(stream.tokens.size());
  for (int64_t i = start; i < start + length; ++i) {
    const bool inside = i + 1 < n;
    const bool scored = inside && stream.scored[static_cast<size_t>(i + 1)] != 0;
    batch.inputs.push_back(inside ? stream.tokens[static_cast<size_t>(i)] : 0);
    batch.targets.push_back(scored ? stream.tokens[static_cast<size_t>(i + 1)] : -1);
    batch.n_scored += scored;
  }
}

}  // namespace

Result<BatchPlan> BatchPlan::create(const TokenStream& stream, int64_t sequence_length, int64_t n_sequences,
                                    uint64_t seed) {
  const auto n = static_cast<int64_t>(stream.tokens.size());
  if (sequence_length < 1 || n_sequences < 1)
    return error(StatusCode::invalid_argument, "context ", sequence_length, " and batch ", n_sequences,
                 " must be 1 or more");
  if (n < sequence_length + 1)
    return error(StatusCode::invalid_argument, "the training text has ", n, " tokens, a sequence needs ",
                 sequence_length + 1, "; give more text or a smaller context");
  BatchPlan plan;
  plan.stream_ = &stream;
  plan.sequence_length_ = sequence_length;
  plan.n_sequences_ = n_sequences;
  plan.seed_ = seed;
  // The same number of windows whatever the offset.
  plan.per_epoch_ = std::max<int64_t>(1, (n - sequence_length) / sequence_length);
  return plan;
}

double BatchPlan::steps_per_epoch() const {
  return static_cast<double>(per_epoch_) / static_cast<double>(n_sequences_);
}

void BatchPlan::enter_epoch(int64_t epoch) {
  if (epoch == epoch_) return;
  epoch_ = epoch;
  const auto n = static_cast<int64_t>(stream_->tokens.size());
  const uint64_t seed = random_bits(seed_, static_cast<uint64_t>(epoch));
  const int64_t room = n - 1 - per_epoch_ * sequence_length_;  // the windows may slide by so many tokens
  const int64_t offset =
      static_cast<int64_t>(random_bits(seed, 0) % static_cast<uint64_t>(std::min(room, sequence_length_ - 1) + 1));
  starts_.resize(static_cast<size_t>(per_epoch_));
  for (int64_t i = 0; i < per_epoch_; ++i) starts_[static_cast<size_t>(i)] = offset + i * sequence_length_;
  for (size_t i = starts_.size() - 1; i > 0; --i)  // Fisher and Yates
    std::swap(starts_[i], starts_[random_bits(seed, i) % (i + 1)]);
}

Batch BatchPlan::batch(int64_t step) {
  Batch batch{.n_sequences = n_sequences_, .sequence_length = sequence_length_, .inputs = {}, .targets = {}};
  for (int64_t s = step * n_sequences_; s < (step + 1) * n_sequences_; ++s) {
    enter_epoch(s / per_epoch_);
    append_window(*stream_, starts_[static_cast<size_t>(s % per_epoch_)], sequence_length_, batch);
  }
  return batch;
}

std::vector<Batch> evaluation_batches(const TokenStream& stream, int64_t sequence_length, int64_t n_sequences,
                                      int64_t limit) {
  std::vector<Batch> batches;
  auto n = static_cast<int64_t>(stream.tokens.size()) - 1;
  if (limit > 0) n = std::min(n, limit);
  for (int64_t start = 0; start < n; start += sequence_length * n_sequences) {
    Batch batch{.n_sequences = n_sequences, .sequence_length = sequence_length, .inputs = {}, .targets = {}};
    for (int64_t s = 0; s < n_sequences; ++s)
      append_window(stream, start + s * sequence_length, sequence_length, batch);
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace tritium::training
