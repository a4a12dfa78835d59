#include "api/sampling/token_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tritium {
namespace {

// So much of a mass, at least 1.
uint64_t part_of(uint64_t mass, double part) {
  return std::max<uint64_t>(static_cast<uint64_t>(std::ceil(part * static_cast<double>(mass))), 1);
}

}  // namespace

TokenChoice::TokenChoice(const TokenWeights& weights, std::span<const float> logits, std::span<const int32_t> ids,
                         size_t kept) {
  for (size_t i = 0; i < logits.size(); ++i) {
    const uint64_t weight = weights.of(logits[i]);
    if (weight == 0) continue;
    const int32_t id = ids.empty() ? static_cast<int32_t>(i) : ids[i];
    tokens_.push_back({.id = id, .weight = weight, .octaves = weights.octaves_below(logits[i])});
  }
  const auto before = [](const Token& a, const Token& b) {
    return a.octaves != b.octaves ? a.octaves < b.octaves : a.id < b.id;
  };
  if (kept < tokens_.size()) {
    std::ranges::nth_element(tokens_, tokens_.begin() + static_cast<std::ptrdiff_t>(kept), before);
    tokens_.resize(kept);
  }
  std::ranges::sort(tokens_, before);
}

uint64_t TokenChoice::mass() const {
  return std::accumulate(tokens_.begin(), tokens_.end(), uint64_t{0},
                         [](uint64_t sum, const Token& token) { return sum + token.weight; });
}

void TokenChoice::keep_typical(double typical_p) {
  const uint64_t all = mass();
  double sum = 0;
  for (const Token& token : tokens_) sum += static_cast<double>(token.weight) * token.octaves;
  const double mean = sum / static_cast<double>(all);
  std::vector<size_t> order(tokens_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto distance = [&](size_t i) { return std::abs(tokens_[i].octaves - mean); };
  std::ranges::stable_sort(order, {}, distance);
  const uint64_t enough = part_of(all, typical_p);
  uint64_t kept = 0;
  size_t n = 0;
  while (n < order.size() && kept < enough) kept += tokens_[order[n++]].weight;
  order.resize(n);
  std::ranges::sort(order);
  for (size_t i = 0; i < n; ++i) tokens_[i] = tokens_[order[i]];
  tokens_.resize(n);
}

void TokenChoice::keep_top(double top_p) {
  const uint64_t enough = part_of(mass(), top_p);
  uint64_t kept = 0;
  size_t n = 0;
  while (n < tokens_.size() && kept < enough) kept += tokens_[n++].weight;
  tokens_.resize(n);
}

void TokenChoice::keep_within(double octaves) {
  const double first = tokens_.front().octaves;
  const auto end =
      std::ranges::partition_point(tokens_, [=](const Token& token) { return token.octaves - first <= octaves; });
  tokens_.erase(end, tokens_.end());
}

void TokenChoice::exclude_top(double threshold) {
  const double least = threshold * static_cast<double>(mass());
  const auto end = std::ranges::partition_point(
      tokens_, [=](const Token& token) { return static_cast<double>(token.weight) >= least; });
  if (end - tokens_.begin() > 1) tokens_.erase(tokens_.begin(), end - 1);
}

int32_t TokenChoice::draw(double unit) const {
  const uint64_t all = mass();
  const uint64_t drawn = std::min(static_cast<uint64_t>(unit * static_cast<double>(all)), all - 1);
  uint64_t through = 0;
  for (const Token& token : tokens_)
    if ((through += token.weight) > drawn) return token.id;
  return tokens_.back().id;
}

}  // namespace tritium
