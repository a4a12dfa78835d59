#include "train/data/batch.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/checked_math.h"
#include "base/counter_rng.h"
#include "base/format_text.h"

namespace tritium {
namespace {

int64_t size_of(const CorpusTokens& stream) { return static_cast<int64_t>(stream.tokens.size()); }

// Does a target count of the window whose inputs begin at `start`?
bool counts(const CorpusTokens& stream, int64_t start, int64_t length) {
  const auto first = stream.scored.begin() + start + 1;
  const auto last = stream.scored.begin() + std::min(start + 1 + length, size_of(stream));
  return std::any_of(first, last, [](uint8_t scored) { return scored != 0; });
}

Batch empty_batch(int64_t n_sequences, int64_t sequence_length) {
  const auto size = static_cast<size_t>(n_sequences * sequence_length);
  return {.n_sequences = n_sequences,
          .sequence_length = sequence_length,
          .inputs = std::vector<int32_t>(size, 0),
          .targets = std::vector<int32_t>(size, -1)};
}

// The window at `start`, as far as the stream goes, becomes sequence `row`.
void fill_row(const CorpusTokens& stream, int64_t start, int64_t row, Batch& batch) {
  const int64_t n = std::min(batch.sequence_length, size_of(stream) - 1 - start);
  for (int64_t i = 0; i < n; ++i) {
    const auto from = static_cast<size_t>(start + i);
    const auto to = static_cast<size_t>(row * batch.sequence_length + i);
    batch.inputs[to] = stream.tokens[from];
    if (!stream.scored[from + 1]) continue;
    batch.targets[to] = stream.tokens[from + 1];
    ++batch.n_scored;
  }
}

}  // namespace

Result<BatchPlan> BatchPlan::create(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences,
                                    uint64_t seed) {
  if (sequence_length < 1 || n_sequences < 1) {
    return error(StatusCode::invalid_argument, "a batch of ", n_sequences, " sequences of ", sequence_length,
                 " tokens is not possible; both must be at least 1");
  }
  if (!checked_mul(static_cast<uint64_t>(sequence_length), static_cast<uint64_t>(n_sequences)))
    return error(StatusCode::invalid_argument, "a batch of ", n_sequences, " sequences of ", sequence_length,
                 " tokens is larger than any memory");
  if (size_of(stream) <= sequence_length) {
    return error(StatusCode::invalid_argument, "the text has ", size_of(stream), " tokens, sequences of ",
                 sequence_length, " need at least ", sequence_length, " + 1; give more text or shorter sequences");
  }
  BatchPlan plan(stream, sequence_length, n_sequences, seed);
  plan.count_windows();
  if (plan.offsets_.empty()) {
    return error(StatusCode::invalid_argument, "all tokens are masked: of ", size_of(stream),
                 " tokens none after the first counts in the loss");
  }
  return plan;
}

void BatchPlan::count_windows() {
  std::vector<int64_t> windows(static_cast<size_t>(sequence_length_), 0);
  const std::vector<uint8_t>& scored = stream_->scored;
  int64_t n_scored = 0;  // among the targets of the window at `start`
  for (int64_t i = 1; i < sequence_length_; ++i) n_scored += scored[static_cast<size_t>(i)] != 0;
  for (int64_t start = 0; start + sequence_length_ < size_of(*stream_); ++start) {
    n_scored += scored[static_cast<size_t>(start + sequence_length_)] != 0;
    windows[static_cast<size_t>(start % sequence_length_)] += n_scored > 0;
    n_scored -= scored[static_cast<size_t>(start + 1)] != 0;
  }
  for (int64_t offset = 0; offset < sequence_length_; ++offset) {
    if (windows[static_cast<size_t>(offset)] == 0) continue;
    offsets_.push_back(offset);
    n_windows_.push_back(windows[static_cast<size_t>(offset)]);
  }
}

int64_t BatchPlan::steps_per_epoch() const {
  return (*std::max_element(n_windows_.begin(), n_windows_.end()) + n_sequences_ - 1) / n_sequences_;
}

size_t BatchPlan::offset_index(int64_t epoch) const {
  return random_bits(seed_, 2 * static_cast<uint64_t>(epoch)) % offsets_.size();
}

std::vector<int64_t> BatchPlan::window_starts(int64_t epoch) const {
  std::vector<int64_t> starts;
  for (int64_t at = offsets_[offset_index(epoch)]; at + sequence_length_ < size_of(*stream_); at += sequence_length_) {
    if (counts(*stream_, at, sequence_length_)) starts.push_back(at);
  }
  // Fisher-Yates, with a stream of random numbers for each epoch.
  const uint64_t shuffle_seed = random_bits(seed_, 2 * static_cast<uint64_t>(epoch) + 1);
  for (size_t i = starts.size(); i > 1; --i) std::swap(starts[i - 1], starts[random_bits(shuffle_seed, i) % i]);
  return starts;
}

void BatchPlan::go_to_epoch_of(int64_t sequence) const {
  if (epoch_.number < 0 || sequence < epoch_.first_sequence) epoch_ = {.number = 0};
  while (sequence >= epoch_.first_sequence + n_windows_[offset_index(epoch_.number)]) {
    epoch_.first_sequence += n_windows_[offset_index(epoch_.number)];
    ++epoch_.number;
    epoch_.starts.clear();
  }
  if (epoch_.starts.empty()) epoch_.starts = window_starts(epoch_.number);
}

Batch BatchPlan::batch(int64_t step) const {
  assert(step >= 0);
  Batch batch = empty_batch(n_sequences_, sequence_length_);
  for (int64_t row = 0; row < n_sequences_; ++row) {
    const int64_t sequence = step * n_sequences_ + row;
    go_to_epoch_of(sequence);
    fill_row(*stream_, epoch_.starts[static_cast<size_t>(sequence - epoch_.first_sequence)], row, batch);
  }
  return batch;
}

std::vector<Batch> evaluation_batches(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences) {
  assert(sequence_length >= 1 && n_sequences >= 1);
  std::vector<Batch> batches;
  int64_t row = n_sequences;  // in the last batch, which is full
  for (int64_t start = 0; start + 1 < size_of(stream); start += sequence_length) {
    if (!counts(stream, start, sequence_length)) continue;
    if (row == n_sequences) {
      batches.push_back(empty_batch(n_sequences, sequence_length));
      row = 0;
    }
    fill_row(stream, start, row++, batches.back());
  }
  return batches;
}

}  // namespace tritium
