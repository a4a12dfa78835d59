#include "api/sampling/logit_overview.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "api/logit_blocks.h"

namespace tritium {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Of the finite logits, in lanes, whose order is the same everywhere.
struct Sum {
  static constexpr size_t kLanes = 8;
  double sum = 0;
  size_t count = 0;
};

Sum sum_of(std::span<const float> logits, const auto& value) {
  std::array<double, Sum::kLanes> lanes{};
  std::array<size_t, Sum::kLanes> counts{};
  for (size_t i = 0; i < logits.size(); ++i) {
    const bool finite = std::abs(logits[i]) < kInfinity;  // not NaN either
    lanes[i % Sum::kLanes] += finite ? value(double{logits[i]}) : 0.0;
    counts[i % Sum::kLanes] += static_cast<size_t>(finite);
  }
  Sum total;
  for (const double lane : lanes) total.sum += lane;
  for (const size_t count : counts) total.count += count;
  return total;
}

}  // namespace

LogitOverview::LogitOverview(std::span<const float> logits) : all(logits) {
  LogitLimits limits;
  limits.lowest.fill(kInfinity);
  limits.not_a_number.fill(0);
  const size_t whole = logits.size() / kLogitBlock, left = logits.size() % kLogitBlock;
  largest_of_block.resize(whole + (left > 0 ? 1 : 0));
  look_at_blocks(logits.data(), whole, largest_of_block.data(), limits);
  if (left > 0) {
    std::array<float, kLogitBlock> rest;
    rest.fill(-kInfinity);
    std::ranges::copy(logits.last(left), rest.begin());
    look_at_blocks(rest.data(), 1, &largest_of_block.back(), limits);
  }
  largest = *std::ranges::max_element(largest_of_block);
  lowest = *std::ranges::min_element(limits.lowest);
  for (const int32_t n : limits.not_a_number) not_a_number += static_cast<size_t>(n);
}

int32_t LogitOverview::most_probable() const {
  const auto block = std::ranges::find(largest_of_block, largest) - largest_of_block.begin();
  const auto from = all.begin() + block * static_cast<std::ptrdiff_t>(kLogitBlock);
  const auto found = std::find(from, all.end(), largest);
  return found == all.end() ? 0 : static_cast<int32_t>(found - all.begin());
}

float LogitOverview::bound_of_first(size_t n) const {
  if (n == 0 || n > largest_of_block.size()) return -kInfinity;
  std::vector<float> blocks = largest_of_block;
  const auto nth = blocks.begin() + static_cast<std::ptrdiff_t>(n - 1);
  std::ranges::nth_element(blocks, nth, std::greater());
  return *nth;
}

std::optional<SomeLogits> LogitOverview::at_least(float least, size_t most) const {
  SomeLogits found;
  for (size_t b = 0; b < largest_of_block.size(); ++b) {
    if (!(largest_of_block[b] >= least)) continue;
    const size_t end = std::min(all.size(), (b + 1) * kLogitBlock);
    for (size_t i = b * kLogitBlock; i < end; ++i) {
      if (!(all[i] >= least)) continue;
      found.logits.push_back(all[i]);
      found.ids.push_back(static_cast<int32_t>(i));
    }
    if (found.logits.size() > most) return std::nullopt;
  }
  return found;
}

int32_t most_probable(std::span<const float> logits) {
  const auto below = [](float a, float b) { return a < b || (std::isnan(a) && !std::isnan(b)); };
  return static_cast<int32_t>(std::ranges::max_element(logits, below) - logits.begin());
}

size_t count_within_sigma(std::span<const float> logits, float largest, float n_sigma) {
  const Sum all = sum_of(logits, [](double x) { return x; });
  const auto n = static_cast<double>(all.count);
  const double mean = all.sum / n;
  const double variance = sum_of(logits, [=](double x) { return (x - mean) * (x - mean); }).sum / n;
  const double least = double{largest} - double{n_sigma} * std::sqrt(variance);
  return static_cast<size_t>(std::ranges::count_if(logits, [=](float x) { return double{x} >= least; }));
}

}  // namespace tritium
