// Temperature, top-k, top-p (Holtzman et al. 2020) and min-p (Nguyen et al. 2024) sampling.
#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <vector>

#include "base/caught.h"
#include "base/counter_rng.h"
#include "base/format_text.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

// The lowest of equals; NaN never wins.
int32_t most_probable(std::span<const float> logits) {
  const auto below = [](float a, float b) { return a < b || (std::isnan(a) && !std::isnan(b)); };
  return static_cast<int32_t>(std::ranges::max_element(logits, below) - logits.begin());
}

}  // namespace

Result<Sampler> Sampler::create(const SamplerOptions& o) try {
  const auto bad = [](const auto&... parts) { return error(StatusCode::invalid_argument, parts...); };
  if (!(o.temperature >= 0.0f) || !std::isfinite(o.temperature))
    return bad("temperature is ", o.temperature, ", must be 0 or more");
  if (o.top_k < 0) return bad("top_k is ", o.top_k, ", must be 0 (all) or more");
  if (!(o.top_p > 0.0f && o.top_p <= 1.0f)) return bad("top_p is ", o.top_p, ", must be above 0 and at most 1");
  if (!(o.min_p >= 0.0f && o.min_p < 1.0f)) return bad("min_p is ", o.min_p, ", must be 0 or more and below 1");
  return Sampler(o);
} catch (...) {
  return caught();
}

int32_t Sampler::sample(std::span<const float> logits) try {
  if (logits.empty()) return -1;
  const int32_t best = most_probable(logits);
  if (options_.temperature == 0.0f) return best;
  const double largest = logits[static_cast<size_t>(best)];

  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto kept = options_.top_k == 0 ? ids.size() : std::min(ids.size(), static_cast<size_t>(options_.top_k));
  const auto more_probable = [&](int32_t a, int32_t b) {
    const float la = logits[static_cast<size_t>(a)], lb = logits[static_cast<size_t>(b)];
    return la > lb || (std::isnan(lb) && !std::isnan(la)) || (!(la < lb) && std::isnan(la) == std::isnan(lb) && a < b);
  };
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(kept), ids.end(), more_probable);
  ids.resize(kept);

  std::vector<double> probabilities(kept);
  double sum = 0;
  for (size_t i = 0; i < kept; ++i)
    sum += probabilities[i] = std::exp((double{logits[static_cast<size_t>(ids[i])]} - largest) / options_.temperature);

  size_t candidates = 0;
  double mass = 0;
  while (candidates < kept && mass < options_.top_p * sum && probabilities[candidates] > 0 &&
         probabilities[candidates] >= options_.min_p * probabilities[0])
    mass += probabilities[candidates++];

  double target = random_unit(options_.seed, draws_++) * mass;
  for (size_t i = 0; i + 1 < candidates; ++i)
    if ((target -= probabilities[i]) < 0) return ids[i];
  return ids[candidates > 0 ? candidates - 1 : 0];
} catch (const std::bad_alloc&) {
  return most_probable(logits);
}

}  // namespace tritium
