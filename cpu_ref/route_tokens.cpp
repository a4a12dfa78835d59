// weights = the k largest of softmax(logits), renormalised or not, and the gradient. Shazeer et al. 2017.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ops/route_tokens.h"
#include "ops/route_tokens_backward.h"

namespace tritium::cpu_ref {

void route_tokens(const RouteTokensParams& p, std::span<const float> logits, std::span<const float> bias,
                  std::span<int32_t> expert_ids, std::span<float> weights) {
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const auto r = logits.subspan(t * p.n_experts, p.n_experts);
    const double largest = *std::max_element(r.begin(), r.end());
    double sum = 0;
    for (float logit : r) sum += std::exp(logit - largest);

    // Sorted by logit, not by probability: probabilities that round to the same number would tie falsely.
    std::vector<int32_t> order(p.n_experts);
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](int32_t e) { return p.biased ? r[e] + bias[static_cast<size_t>(e)] : r[e]; };
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return key(a) > key(b); });

    double chosen = 0;
    for (size_t s = 0; s < p.top_k; ++s) chosen += std::exp(r[order[s]] - largest) / sum;
    for (size_t s = 0; s < p.top_k; ++s) {
      const double probability = std::exp(r[order[s]] - largest) / sum;
      expert_ids[t * p.top_k + s] = order[s];
      weights[t * p.top_k + s] = static_cast<float>((p.renormalize ? probability / chosen : probability) * p.scale);
    }
  }
}

namespace {

// Probabilities, and the logarithm of the sum of exponentials.
double softmax(std::span<const float> logits, std::vector<double>& probability) {
  double largest = -INFINITY;
  for (double l : logits) largest = std::max(largest, l);
  double sum = 0;
  for (size_t e = 0; e < logits.size(); ++e) sum += probability[e] = std::exp(logits[e] - largest);
  for (double& value : probability) value /= sum;
  return largest + std::log(sum);
}

}  // namespace

void route_tokens_backward(const RouteTokensBackwardParams& p, std::span<const float> logits,
                           std::span<const int32_t> expert_ids, std::span<const float> dweights,
                           std::span<const float> load, std::span<float> dlogits) {
  const size_t n = p.n_experts;
  std::vector<double> probability(n), gradient(n), dprobability(n);
  for (size_t t = 0; t < p.n_tokens; ++t) {
    const double lse = softmax(logits.subspan(t * n, n), probability);
    const auto ids = expert_ids.subspan(t * p.top_k, p.top_k);
    const auto dw = dweights.subspan(t * p.top_k, p.top_k);
    gradient.assign(n, 0.0);
    for (size_t e = 0; e < n; ++e)
      dprobability[e] = p.balance == 0.0f ? 0.0 : double{p.balance} * p.n_experts * load[e];
    if (p.renormalize) {
      double chosen = 0;
      double mean = 0;
      for (size_t s = 0; s < p.top_k; ++s) chosen += probability[static_cast<size_t>(ids[s])];
      for (size_t s = 0; s < p.top_k; ++s) mean += probability[static_cast<size_t>(ids[s])] / chosen * dw[s];
      for (size_t s = 0; s < p.top_k; ++s) {
        const auto e = static_cast<size_t>(ids[s]);
        gradient[e] += probability[e] / chosen * p.scale * (dw[s] - mean);
      }
    } else {
      for (size_t s = 0; s < p.top_k; ++s) dprobability[static_cast<size_t>(ids[s])] += double{p.scale} * dw[s];
    }
    double mean = 0;
    for (size_t e = 0; e < n; ++e) mean += probability[e] * dprobability[e];
    for (size_t e = 0; e < n; ++e) {
      gradient[e] += probability[e] * (dprobability[e] - mean + double{p.z_loss} * 2.0 * lse);
      dlogits[t * n + e] = static_cast<float>(gradient[e]);
    }
  }
}

}  // namespace tritium::cpu_ref
