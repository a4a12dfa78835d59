// Temperature, top-k, top-p (Holtzman et al. 2020) and min-p (Nguyen et al. 2024) sampling.
//
// Tokens stand in the order of their logits, equal ones by id, and weigh what token_weights.h says. Each option keeps
// the first ones: top_k so many; top_p the fewest whose weights are at least top_p of those that top_k keeps; min_p
// those that are at least min_p times as probable as the first. Drawn is the first token whose weight, with those
// before it, exceeds a random fraction of the weight of what all of them keep. Weights are integers, so that none of
// this depends on the order in which anything is added up, and the token is the same on every machine.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <new>
#include <numbers>
#include <random>
#include <vector>

#include "api/logit_blocks.h"
#include "api/token_ranking.h"
#include "base/caught.h"
#include "base/counter_rng.h"
#include "base/format_text.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kBlock = TokenList::kBlock;

// What one look at all logits tells.
struct Overview {
  std::span<const float> all;
  std::vector<float> largest_of_block = {};  // NaN left out
  float largest = -kInfinity;
  float lowest = kInfinity;  // that is not -infinity
  size_t not_a_number = 0;
};

Overview overview_of(std::span<const float> logits) {
  Overview seen{.all = logits};
  LogitLimits limits;
  limits.lowest.fill(kInfinity);
  limits.not_a_number.fill(0);
  const size_t whole = logits.size() / kBlock, left = logits.size() % kBlock;
  seen.largest_of_block.resize(whole + (left > 0 ? 1 : 0));
  look_at_blocks(logits.data(), whole, seen.largest_of_block.data(), limits);
  if (left > 0) {
    std::array<float, kBlock> rest;
    rest.fill(-kInfinity);
    std::ranges::copy(logits.last(left), rest.begin());
    look_at_blocks(rest.data(), 1, &seen.largest_of_block.back(), limits);
  }
  seen.largest = *std::ranges::max_element(seen.largest_of_block);
  seen.lowest = *std::ranges::min_element(limits.lowest);
  for (const int32_t n : limits.not_a_number) seen.not_a_number += static_cast<size_t>(n);
  return seen;
}

// The lowest id of equals; NaN never wins.
int32_t most_probable(const Overview& logits) {
  const auto block = std::ranges::find(logits.largest_of_block, logits.largest) - logits.largest_of_block.begin();
  const auto from = logits.all.begin() + block * static_cast<std::ptrdiff_t>(kBlock);
  const auto found = std::find(from, logits.all.end(), logits.largest);
  return found == logits.all.end() ? 0 : static_cast<int32_t>(found - logits.all.begin());
}

// log2(x) for 0 < x < 1, by its series: 2 / ln 2 · (z + z³/3 + z⁵/5 + …), z = (m - 1) / (m + 1), x = m · 2^e.
double log2_of(double x) {
  int exponent = 0;
  const double m = std::frexp(x, &exponent);
  const double z = (m - 1) / (m + 1);
  double sum = 0;
  for (int n = 39; n > 0; n -= 2) sum = sum * z * z + 1.0 / n;
  return exponent + 2 * std::numbers::log2e * z * sum;
}

// The same where there is no memory for a look.
int32_t most_probable(std::span<const float> logits) {
  const auto below = [](float a, float b) { return a < b || (std::isnan(a) && !std::isnan(b)); };
  return static_cast<int32_t>(std::ranges::max_element(logits, below) - logits.begin());
}

// No token whose logit is smaller can be drawn, or matters for what is drawn.
float smallest_that_matters(const Overview& logits, const TokenWeights& weights, const SamplerOptions& options,
                            size_t kept, double octaves) {
  // What is below min_p still counts for top_p.
  if (options.top_p < 1) octaves = weights.reach();
  const double far = weights.largest - std::min(octaves, weights.reach()) / weights.octaves_per_logit;
  float least = static_cast<float>(std::max(far, double{-std::numeric_limits<float>::max()}));
  least = std::nextafter(std::nextafter(least, -kInfinity), -kInfinity);  // `far` was rounded
  std::vector<float> blocks = logits.largest_of_block;
  if (kept == 0 || kept > blocks.size()) return least;
  // At least `kept` tokens are as large as the kept-th largest of blocks.
  const auto nth = blocks.begin() + static_cast<std::ptrdiff_t>(kept - 1);
  std::ranges::nth_element(blocks, nth, std::greater());
  return std::max(least, *nth);
}

// The tokens whose logits are `least` or more, as long as they are few. False: they are many.
bool take_few(const Overview& logits, float least, std::vector<float>& values, std::vector<int32_t>& ids) {
  for (size_t b = 0; b < logits.largest_of_block.size(); ++b) {
    if (!(logits.largest_of_block[b] >= least)) continue;
    const size_t end = std::min(logits.all.size(), (b + 1) * kBlock);
    for (size_t i = b * kBlock; i < end; ++i) {
      if (!(logits.all[i] >= least)) continue;
      values.push_back(logits.all[i]);
      ids.push_back(static_cast<int32_t>(i));
    }
    if (values.size() > TokenRanking::kSorted) return false;
  }
  return true;
}

TokenWeights weights_for(float largest, const SamplerOptions& options, size_t vocab_size) {
  return {.largest = double{largest},
          .octaves_per_logit = std::numbers::log2e / double{options.temperature},
          .bits = std::min(40, 63 - static_cast<int>(std::bit_width(vocab_size)))};
}

// How far below the best tokens may be drawn.
double octaves_of(const SamplerOptions& options) {
  return options.min_p > 0 ? -log2_of(options.min_p) : TokenWeights::kFarthest;
}

int32_t draw(const TokenRanking& ranking, const SamplerOptions& options, size_t kept, double octaves, double unit) {
  const uint64_t mass = ranking.mass_of_first(kept);
  uint64_t drawable = mass;
  if (options.min_p > 0) drawable = std::min(mass, ranking.mass_within(octaves));
  if (options.top_p < 1) {
    const auto enough = static_cast<uint64_t>(std::ceil(double{options.top_p} * static_cast<double>(mass)));
    if (enough < drawable) drawable = std::min(drawable, ranking.at_mass(enough - 1).mass);
  }
  const auto drawn = static_cast<uint64_t>(unit * static_cast<double>(drawable));
  return ranking.at_mass(std::min(drawn, drawable - 1)).id;
}

}  // namespace

struct Sampler::State {
  SamplerOptions options;
  uint64_t draws = 0;
};

Sampler::Sampler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sampler::Sampler(const Sampler& other) : state_(other.state_ ? std::make_unique<State>(*other.state_) : nullptr) {}
Sampler& Sampler::operator=(const Sampler& other) {
  if (this != &other) state_ = other.state_ ? std::make_unique<State>(*other.state_) : nullptr;
  return *this;
}
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

uint64_t Sampler::seed() const { return state_->options.seed; }
bool Sampler::needs_all_logits() const { return false; }

Status Sampler::accept(int32_t token) {
  if (token < 0) return error(StatusCode::invalid_argument, "token ", token, " is none");
  return Status();
}

Result<Sampler> Sampler::create(const SamplerOptions& o, TokenText) try {
  const auto bad = [](const auto&... parts) { return error(StatusCode::invalid_argument, parts...); };
  if (!(o.temperature >= 0.0f) || !std::isfinite(o.temperature))
    return bad("temperature is ", o.temperature, ", must be 0 or more");
  if (o.top_k < 0) return bad("top_k is ", o.top_k, ", must be 0 (all) or more");
  if (!(o.top_p > 0.0f && o.top_p <= 1.0f)) return bad("top_p is ", o.top_p, ", must be above 0 and at most 1");
  if (!(o.min_p >= 0.0f && o.min_p < 1.0f)) return bad("min_p is ", o.min_p, ", must be 0 or more and below 1");
  auto state = std::make_unique<State>(State{.options = o});
  if (o.seed == kRandomSeed) state->options.seed = std::random_device()();
  return Sampler(std::move(state));
} catch (...) {
  return caught();
}

int32_t Sampler::sample(std::span<const float> all) try {
  if (all.empty()) return -1;
  const SamplerOptions& options = state_->options;
  const Overview logits = overview_of(all);
  const int32_t best = most_probable(logits);
  if (options.temperature == 0.0f) return best;
  const double unit = random_unit(options.seed, state_->draws++);
  const size_t kept = options.top_k == 0 ? all.size() : std::min(all.size(), static_cast<size_t>(options.top_k));
  // Without probabilities.
  if (!std::isfinite(logits.largest) || logits.not_a_number > all.size() - kept) return best;

  const TokenWeights weights = weights_for(logits.largest, options, all.size());
  const double octaves = octaves_of(options);
  const float least = smallest_that_matters(logits, weights, options, kept, octaves);
  std::vector<float> values;
  std::vector<int32_t> ids;
  const TokenList list = take_few(logits, least, values, ids)
                             ? TokenList{.logits = values, .ids = ids}
                             : TokenList{.logits = all,
                                         .top = logits.largest,
                                         .lowest = logits.lowest,
                                         .largest_of_block = logits.largest_of_block,
                                         .octaves = kept < all.size() ? TokenWeights::kFarthest : octaves};
  return draw(TokenRanking(weights, list), options, kept, octaves, unit);
} catch (const std::bad_alloc&) {
  return most_probable(all);
}

int32_t Sampler::sample_top(std::span<const float> logits, std::span<const int32_t> ids, size_t vocab_size) try {
  const SamplerOptions& options = state_->options;
  if (logits.empty() || options.temperature == 0.0f) return ids.empty() ? -1 : ids.front();
  const double unit = random_unit(options.seed, state_->draws++);
  const TokenRanking ranking(weights_for(logits.front(), options, vocab_size), {.logits = logits, .ids = ids});
  return draw(ranking, options, logits.size(), octaves_of(options), unit);
} catch (const std::bad_alloc&) {
  return ids.front();
}

}  // namespace tritium
