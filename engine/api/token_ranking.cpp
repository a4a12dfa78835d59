// Mass by buckets: of those before a place as a whole, of the one that it lies in by a ranking of its own.
#include "api/token_ranking.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace tritium {
namespace {

constexpr size_t kChunk = TokenWeights::kChunk;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kPart = TokenList::kBlock;  // looked at together
constexpr size_t kBuckets = LogitBuckets::kBuckets;
constexpr size_t kLast = kBuckets - 1;

// Ascending as the logits descend, then as the places ascend. -0 is +0.
uint64_t sort_key(float logit, size_t place) {
  const auto bits = std::bit_cast<uint32_t>(logit + 0.0f);
  const uint32_t ascending = bits >> 31 ? ~bits : bits | 0x80000000u;
  return uint64_t{~ascending} << 32 | place;
}

}  // namespace

TokenRanking::TokenRanking(const TokenWeights& weights, const TokenList& list) : weights_(weights), list_(list) {
  const size_t n = list.logits.size();
  if (n <= kSorted) {
    sort();
    return;
  }
  if (list.top == list.lowest) {
    each_ = weights.of(list.top);
    for (const float logit : list.logits) equal_ += static_cast<size_t>(logit == list.top);
    mass_ = each_ * equal_;
    return;
  }
  buckets_.top = list.top;
  const double octaves = std::min(list.octaves, weights.reach());  // beyond, weights are 0
  buckets_.span = std::min(double{list.top} - double{list.lowest}, 1.01 * octaves / weights.octaves_per_logit);
  buckets_.per_logit = buckets_.span > 0 ? static_cast<double>(kLast) / buckets_.span : 0;
  fill_buckets();
}

void TokenRanking::sort() {
  std::vector<uint64_t> keys;
  keys.reserve(list_.logits.size());
  for (size_t i = 0; i < list_.logits.size(); ++i)
    if (weights_.octaves_below(list_.logits[i]) <= weights_.reach()) keys.push_back(sort_key(list_.logits[i], i));
  std::ranges::sort(keys);
  order_.reserve(keys.size());
  through_.reserve(keys.size());
  for (const uint64_t key : keys) {
    order_.push_back(static_cast<uint32_t>(key));
    through_.push_back(mass_ += weights_.of(list_.logits[order_.back()]));
  }
}

void TokenRanking::fill_buckets() {
  const std::span<const float> logits = list_.logits;
  // Two tables, so that neighbours in one bucket do not wait for each other. Mass and count are added at once.
  typedef uint64_t MassAndCount __attribute__((vector_size(16)));
  std::vector<MassAndCount> held(2 * kBuckets);
  const auto add = [&](const float* some, size_t n) {
    std::array<uint64_t, kChunk> weight;
    std::array<uint16_t, kChunk> bucket;
    weigh(weights_, buckets_, some, weight.data(), bucket.data());
    // Most tokens of most texts are far below the best.
    uint16_t elsewhere = 0;
    for (const uint16_t b : bucket) elsewhere |= static_cast<uint16_t>(b ^ kLast);
    if (elsewhere == 0 && n == kChunk) {
      held[kLast] += MassAndCount{std::accumulate(weight.begin(), weight.end(), uint64_t{0}), n};
      return;
    }
    for (size_t i = 0; i < n; i += 2) {
      held[bucket[i]] += MassAndCount{weight[i], 1};
      if (i + 1 == n) break;
      held[kBuckets + bucket[i + 1]] += MassAndCount{weight[i + 1], 1};
    }
  };
  const size_t whole = logits.size() / kChunk * kChunk;
  for (size_t i = 0; i < whole; i += kChunk) add(logits.data() + i, kChunk);
  if (whole < logits.size()) {
    std::array<float, kChunk> rest{};
    std::ranges::copy(logits.subspan(whole), rest.begin());
    add(rest.data(), logits.size() - whole);
  }
  held_.resize(kBuckets);
  for (size_t b = 0; b < kBuckets; ++b) {
    const MassAndCount both = held[b] + held[b + kBuckets];
    held_[b] = {.mass = both[0], .count = both[1]};
    mass_ += both[0];
  }
}

TokenRanking::Step TokenRanking::step_to(uint64_t Bucket::*measure, uint64_t value) const {
  Step step;
  for (; step.bucket < kLast; ++step.bucket) {
    const Bucket& here = held_[step.bucket];
    if (step.before.*measure + here.*measure > value) break;
    step.before.mass += here.mass;
    step.before.count += here.count;
  }
  return step;
}

// Bounds of what is in those buckets: rounding moves no logit beyond them.
std::pair<float, float> TokenRanking::logits_within(size_t first, size_t last) const {
  const auto at = [&](size_t bucket) { return buckets_.top - static_cast<double>(bucket) / buckets_.per_logit; };
  const double slack = 1e-14 * (std::abs(buckets_.top) + buckets_.span);
  const auto to_float = [](double x) {
    constexpr double kMost = std::numeric_limits<float>::max();
    return static_cast<float>(std::clamp(x, -kMost, kMost));
  };
  const float least = last == kLast ? -kInfinity : std::nextafter(to_float(at(last + 1) - slack), -kInfinity);
  const float most = first == 0 ? kInfinity : std::nextafter(to_float(at(first) + slack), kInfinity);
  return {least, most};
}

// The logit of all tokens of those buckets, where they have the same one.
std::optional<float> TokenRanking::only_logit(float least, float most, size_t first, size_t last) const {
  std::array<float, kPart> low, high;
  low.fill(kInfinity);
  high.fill(-kInfinity);
  const size_t whole = list_.logits.size() / kPart * kPart;
  const auto look = [&](float logit, size_t lane) {
    const float above = logit >= least ? logit : kInfinity, below = logit <= most ? logit : -kInfinity;
    low[lane] = above < low[lane] ? above : low[lane];
    high[lane] = below > high[lane] ? below : high[lane];
  };
  for (size_t i = 0; i < whole; i += kPart)
    for (size_t lane = 0; lane < kPart; ++lane) look(list_.logits[i + lane], lane);
  for (size_t i = whole; i < list_.logits.size(); ++i) look(list_.logits[i], i - whole);
  const float lowest = *std::ranges::min_element(low);
  const size_t bucket = buckets_.of(lowest);
  if (lowest != *std::ranges::max_element(high) || bucket < first || bucket > last) return std::nullopt;
  return lowest;
}

// The i-th of equal tokens.
int32_t TokenRanking::equal_token(size_t i) const {
  size_t before = 0, begin = 0;
  for (;; begin += kPart) {
    const auto part = list_.logits.subspan(begin, std::min(kPart, list_.logits.size() - begin));
    int32_t here = 0;
    for (const float logit : part) here += static_cast<int32_t>(logit == list_.top);
    if (before + static_cast<size_t>(here) > i) break;
    before += static_cast<size_t>(here);
  }
  for (;; ++begin)
    if (list_.logits[begin] == list_.top && before++ == i) return id(begin);
}

auto TokenRanking::within(size_t first, size_t last, const auto& look) const {
  uint64_t count = 0;
  for (size_t b = first; b <= last; ++b) count += held_[b].count;
  const auto [least, most] = logits_within(first, last);
  if (count > kSorted)
    if (const std::optional<float> one = only_logit(least, most, first, last))
      return look(TokenRanking(weights_, {.logits = list_.logits, .ids = list_.ids, .top = *one, .lowest = *one}));
  std::vector<float> logits;
  std::vector<int32_t> ids;
  logits.reserve(count);
  ids.reserve(count);
  TokenList found = {.top = -kInfinity, .lowest = kInfinity};
  std::array<float, kPart> rest;
  std::array<uint8_t, kPart> inside;
  for (size_t begin = 0; begin < list_.logits.size(); begin += kPart) {
    if (!list_.largest_of_block.empty() && list_.largest_of_block[begin / kPart] < least) continue;
    const float* part = list_.logits.data() + begin;
    if (list_.logits.size() - begin < kPart) {
      rest.fill(std::numeric_limits<float>::quiet_NaN());  // in no bucket's bounds
      std::ranges::copy(list_.logits.subspan(begin), rest.begin());
      part = rest.data();
    }
    if (!find_inside(part, least, most, inside.data())) continue;
    std::array<size_t, kPart> places;
    size_t n = 0;
    for (size_t i = 0; i < kPart; ++i) {  // without a jump for each
      places[n] = i;
      n += inside[i];
    }
    for (const size_t place : std::span(places).first(n)) {
      const float logit = part[place];
      const size_t bucket = buckets_.of(logit);
      if (bucket < first || bucket > last || !(weights_.octaves_below(logit) <= weights_.reach())) continue;
      logits.push_back(logit);
      ids.push_back(id(begin + place));
      found.top = std::max(found.top, logit);
      found.lowest = std::min(found.lowest, logit);
    }
  }
  found.logits = logits;
  found.ids = ids;
  return look(TokenRanking(weights_, found));
}

uint64_t TokenRanking::mass_of_first(size_t n) const {
  if (n == 0 || mass_ == 0) return 0;
  if (n >= list_.logits.size()) return mass_;
  if (each_ > 0) return each_ * std::min(n, equal_);
  if (held_.empty()) return through_[std::min(n, through_.size()) - 1];
  const Step step = step_to(&Bucket::count, n - 1);
  return within(step.bucket, step.bucket, [&](const TokenRanking& bucket) {
    return step.before.mass + bucket.mass_of_first(n - step.before.count);
  });
}

uint64_t TokenRanking::mass_within(double octaves) const {
  const auto is_within = [&](float logit) { return weights_.octaves_below(logit) <= octaves; };
  if (mass_ == 0 || octaves >= weights_.reach()) return mass_;
  if (each_ > 0) return is_within(list_.top) ? mass_ : 0;
  if (held_.empty()) {
    const auto end = std::ranges::partition_point(order_, [&](uint32_t i) { return is_within(list_.logits[i]); });
    return end == order_.begin() ? 0 : through_[static_cast<size_t>(end - order_.begin()) - 1];
  }
  if (is_within(list_.lowest)) return mass_;
  // The bucket where the bound lies, and, for it is found by rounded numbers, its neighbours.
  const double below = octaves / weights_.octaves_per_logit - (weights_.largest - buckets_.top);
  if (below < 0) return 0;
  const auto bound = static_cast<size_t>(std::min(below, buckets_.span) * buckets_.per_logit);
  const size_t first = std::max<size_t>(bound, 1) - 1, last = std::min(bound + 1, kLast);
  uint64_t before = 0;
  for (size_t b = 0; b < first; ++b) before += held_[b].mass;
  return within(first, last, [&](const TokenRanking& found) { return before + found.mass_within(octaves); });
}

TokenRanking::Place TokenRanking::at_mass(uint64_t mass) const {
  if (each_ > 0) {
    const uint64_t i = mass / each_;
    return {.id = equal_token(i), .mass = each_ * (i + 1)};
  }
  if (held_.empty()) {
    const auto i = static_cast<size_t>(std::ranges::upper_bound(through_, mass) - through_.begin());
    return {.id = id(order_[i]), .mass = through_[i]};
  }
  const Step step = step_to(&Bucket::mass, mass);
  return within(step.bucket, step.bucket, [&](const TokenRanking& bucket) {
    Place place = bucket.at_mass(mass - step.before.mass);
    place.mass += step.before.mass;
    return place;
  });
}

}  // namespace tritium
