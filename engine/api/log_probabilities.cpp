#include "tritium/log_probabilities.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

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

  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto end = ids.begin() + std::min(std::ssize(ids), static_cast<std::ptrdiff_t>(n));
  std::partial_sort(ids.begin(), end, ids.end(), [&](int32_t a, int32_t b) {
    const float la = logits[static_cast<size_t>(a)], lb = logits[static_cast<size_t>(b)];
    return la != lb ? la > lb : a < b;
  });
  LogProbabilities result{.of_token = of(token)};
  for (auto id = ids.begin(); id != end; ++id) result.most_probable.push_back({.id = *id, .log_probability = of(*id)});
  return result;
}

}  // namespace tritium
