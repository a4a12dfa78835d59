#include "api/sampling/mirostat.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "api/sampling/exact_math.h"
#include "api/sampling/token_choice.h"

namespace tritium {
namespace {

constexpr size_t kLooked = 100;  // tokens from which version 1 estimates the exponent, the paper's m

// Algorithm 1: probabilities are taken to follow Zipf's law with exponent s, which the most probable tokens tell
//   s = Σ t·b / Σ t²,  t = log((i + 1) / i),  b = log(p_i / p_i+1)
// and the first k tokens have, of n_tokens, the surprise `maximum`
//   k = (ε · 2^µ / (1 - n^-ε))^(1/s),  ε = s - 1.
double zipf_k(std::span<const TokenChoice::Token> first, size_t n_tokens, double maximum) {
  double tb = 0, tt = 0;
  for (size_t i = 0; i + 1 < first.size(); ++i) {
    const double rank = static_cast<double>(i + 1), t = log2_of((rank + 1) / rank);
    tb += t * (first[i + 1].octaves - first[i].octaves);
    tt += t * t;
  }
  const auto n = static_cast<double>(n_tokens);
  if (!(tb > 0)) return first.size() > 1 ? n : 1;  // all are equal; there is but one
  const double s = tb / tt, epsilon = s - 1;
  const double exponent = epsilon * log2_of(n) * std::numbers::ln2;  // n^-ε = e^-exponent
  // ε / (1 - n^-ε), and what becomes of it as ε nears 0.
  const double factor =
      std::abs(exponent) < 1e-9 ? 1 / (log2_of(n) * std::numbers::ln2) : epsilon / (1 - exp2_of(-epsilon * log2_of(n)));
  return exp2_of((log2_of(factor) + maximum) / s);
}

}  // namespace

// The mass of the first tokens, which may be drawn; of one at least. `whole`: log2 of all weights, in those of the most
// probable token: a token of y octaves has the surprise whole + y.
uint64_t Mirostat::drawable(const TokenRanking& ranking, const TokenWeights& weights, const LogitOverview& logits,
                            double whole) const {
  if (version_ == 2) {
    const double octaves = maximum_ - whole;
    return octaves < 0 ? ranking.at_mass(0).mass : ranking.mass_within(octaves);
  }
  const std::optional<SomeLogits> few = logits.at_least(logits.bound_of_first(kLooked), TokenRanking::kSorted);
  const TokenChoice first =
      few ? TokenChoice(weights, few->logits, few->ids, kLooked) : TokenChoice(weights, logits.all, {}, kLooked);
  const size_t n_tokens = logits.all.size();
  const double k = zipf_k(first.tokens(), n_tokens, maximum_);
  return ranking.mass_of_first(static_cast<size_t>(std::clamp(k, 1.0, static_cast<double>(n_tokens))));
}

int32_t Mirostat::draw(const TokenRanking& ranking, const TokenWeights& weights, const LogitOverview& logits,
                       double unit) {
  const double whole = log2_of(std::ldexp(static_cast<double>(ranking.mass()), -weights.bits));
  const uint64_t mass = drawable(ranking, weights, logits, whole);
  const uint64_t drawn = std::min(static_cast<uint64_t>(unit * static_cast<double>(mass)), mass - 1);
  const int32_t token = ranking.at_mass(drawn).id;
  const double surprise = whole + weights.octaves_below(logits.all[static_cast<size_t>(token)]);
  maximum_ -= eta_ * (surprise - tau_);
  return token;
}

}  // namespace tritium
