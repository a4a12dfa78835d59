// The logarithm of a softmax, and its largest values by one pass.
#include "tritium/log_probabilities.hpp"

#include <algorithm>
#include <cmath>

#include "base/format_text.h"

namespace tritium {

Result<LogProbabilities> log_probabilities(std::span<const float> logits, int32_t token, int64_t n) {
  if (token < 0 || token >= std::ssize(logits))
    return error(StatusCode::invalid_argument, "token ", token, " is none of ", logits.size(), " logits");
  if (n < 0 || n > kMostLogProbabilities)
    return error(StatusCode::invalid_argument, "n is ", n, ", must be 0 to ", kMostLogProbabilities);
  const double largest = *std::ranges::max_element(logits);
  if (!std::isfinite(largest)) return error(StatusCode::invalid_argument, "the largest logit is ", largest);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit} - largest);
  const double log_sum = std::log(sum);
  const auto of = [&](int32_t id) { return double{logits[static_cast<size_t>(id)]} - largest - log_sum; };
  const auto at = [&](int32_t id) { return logits[static_cast<size_t>(id)]; };
  const auto before = [&](int32_t a, int32_t b) { return at(a) != at(b) ? at(a) > at(b) : a < b; };
  std::vector<int32_t> best;  // as far as is seen, sorted
  best.reserve(static_cast<size_t>(n) + 1);
  for (int32_t id = 0; n > 0 && id < std::ssize(logits); ++id) {
    if (std::ssize(best) == n && !(at(id) > at(best.back()))) continue;
    best.insert(std::ranges::upper_bound(best, id, before), id);
    if (std::ssize(best) > n) best.pop_back();
  }
  LogProbabilities result{.of_token = of(token)};
  for (const int32_t id : best) result.most_probable.push_back({.id = id, .log_probability = of(id)});
  return result;
}

}  // namespace tritium
