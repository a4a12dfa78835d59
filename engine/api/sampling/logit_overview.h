// What one look at all logits tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace tritium {

struct SomeLogits {
  std::vector<float> logits;
  std::vector<int32_t> ids;  // ascending
};

struct LogitOverview {
  // `logits` must outlive it.
  explicit LogitOverview(std::span<const float> logits);

  std::span<const float> all;
  std::vector<float> largest_of_block;  // of kLogitBlock each; NaN left out
  float largest = -std::numeric_limits<float>::infinity();
  float lowest = std::numeric_limits<float>::infinity();  // that is not -infinity
  size_t not_a_number = 0;

  // The lowest id of equals; NaN never wins.
  int32_t most_probable() const;
  // At least n tokens have logits as large as this one, the n-th largest of blocks; -infinity where those are too few.
  float bound_of_first(size_t n) const;
  // The tokens whose logits are `least` or more, as long as they are few: `most` and a block at most.
  std::optional<SomeLogits> at_least(float least, size_t most) const;
};

// The same where there is no memory for a look.
int32_t most_probable(std::span<const float> logits);

// How many logits are at most n_sigma standard deviations of all below `largest`, which is finite. Those that are
// -infinity or NaN are neither counted nor part of the deviation.
size_t count_within_sigma(std::span<const float> logits, float largest, float n_sigma);

}  // namespace tritium
