// The chain of options.hpp's SamplerOptions.
//
// What changes logits (bias, penalties, DRY) changes a copy of them. Then tokens stand in the order of their logits,
// equal ones by id, and weigh what token_weights.h says. Each option of temperature, top-k, top-p (Holtzman et al.
// 2020), min-p (Nguyen et al. 2024) and top_n_sigma keeps the first ones: top_n_sigma those within so many deviations;
// top_k so many; top_p the fewest whose weights are at least top_p of those that are kept so far; min_p those that are
// at least min_p times as probable as the first. Drawn is the first token whose weight, with those before it, exceeds a
// random fraction of the weight of what all of them keep. Weights are integers, so that none of this depends on the
// order in which anything is added up, and the token is the same on every machine. With typical_p and XTC, which keep
// others than the first ones, the same is done with a sorted list (token_choice.h).
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>
#include <optional>
#include <random>
#include <vector>

#include "api/sampling/check_options.h"
#include "api/sampling/dry_penalty.h"
#include "api/sampling/exact_math.h"
#include "api/sampling/logit_overview.h"
#include "api/sampling/mirostat.h"
#include "api/sampling/repetition_penalties.h"
#include "api/sampling/token_choice.h"
#include "api/token_ranking.h"
#include "base/caught.h"
#include "base/counter_rng.h"
#include "base/format_text.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint64_t kXtcStream = 0x58544321;  // its random numbers are not those that tokens are drawn by

// No token whose logit is smaller can be drawn, or matters for what is drawn.
float smallest_that_matters(const LogitOverview& logits, const TokenWeights& weights, const SamplerOptions& options,
                            size_t kept, double octaves) {
  // What is below min_p still counts for typical_p and top_p.
  if (options.top_p < 1 || options.typical_p < 1) octaves = weights.reach();
  const double far = weights.largest - std::min(octaves, weights.reach()) / weights.octaves_per_logit;
  float least = static_cast<float>(std::max(far, double{-std::numeric_limits<float>::max()}));
  least = std::nextafter(std::nextafter(least, -kInfinity), -kInfinity);  // `far` was rounded
  return std::max(least, logits.bound_of_first(kept));
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

bool keeps_the_first_ones(const SamplerOptions& options) {
  return options.typical_p == 1 && options.xtc_probability == 0;
}

}  // namespace

struct Sampler::State {
  State(const SamplerOptions& o, TokenText text_of)
      : options(o), penalties(o), dry(o, std::move(text_of)), mirostat(o) {}

  bool changes_logits() const { return !options.logit_bias.empty() || penalties.any() || dry.any(); }
  std::span<const float> change(std::span<const float> logits);
  int32_t draw_first(const LogitOverview& logits, const TokenWeights& weights, size_t kept, double unit) const;
  int32_t draw_choice(TokenChoice choice, uint64_t draw) const;

  SamplerOptions options;
  RepetitionPenalties penalties;
  DryPenalty dry;
  Mirostat mirostat;
  uint64_t draws = 0;
  std::vector<float> changed;  // a copy of the logits
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

Result<Sampler> Sampler::create(const SamplerOptions& options, TokenText text_of) try {
  if (Status status = check_options(options); !status.ok()) return status;
  auto state = std::make_unique<State>(options, std::move(text_of));
  if (options.seed == kRandomSeed) state->options.seed = std::random_device()();
  return Sampler(std::move(state));
} catch (...) {
  return caught();
}

uint64_t Sampler::seed() const { return state_->options.seed; }

bool Sampler::needs_all_logits() const {
  const SamplerOptions& options = state_->options;
  return state_->changes_logits() || (options.temperature > 0 && (options.top_n_sigma > 0 || options.mirostat > 0));
}

Status Sampler::accept(int32_t token) try {
  if (token < 0) return error(StatusCode::invalid_argument, "token ", token, " was accepted; ids begin at 0");
  state_->penalties.accept(token);
  state_->dry.accept(token);
  return Status();
} catch (...) {
  return caught();
}

std::span<const float> Sampler::State::change(std::span<const float> logits) {
  changed.assign(logits.begin(), logits.end());
  for (const LogitBias& b : options.logit_bias)
    if (static_cast<size_t>(b.token) < changed.size()) changed[static_cast<size_t>(b.token)] += b.bias;
  penalties.apply(changed);
  dry.apply(changed);
  return changed;
}

// Where the tokens that are kept are the first ones.
int32_t Sampler::State::draw_first(const LogitOverview& logits, const TokenWeights& weights, size_t kept,
                                   double unit) const {
  const double octaves = octaves_of(options);
  const float least = smallest_that_matters(logits, weights, options, kept, octaves);
  const std::optional<SomeLogits> few = logits.at_least(least, TokenRanking::kSorted);
  const TokenList list = few ? TokenList{.logits = few->logits, .ids = few->ids}
                             : TokenList{.logits = logits.all,
                                         .top = logits.largest,
                                         .lowest = logits.lowest,
                                         .largest_of_block = logits.largest_of_block,
                                         .octaves = kept < logits.all.size() ? TokenWeights::kFarthest : octaves};
  return draw(TokenRanking(weights, list), options, kept, octaves, unit);
}

int32_t Sampler::State::draw_choice(TokenChoice choice, uint64_t draw) const {
  if (options.typical_p < 1) choice.keep_typical(options.typical_p);
  if (options.top_p < 1) choice.keep_top(options.top_p);
  if (options.min_p > 0) choice.keep_within(octaves_of(options));
  if (options.xtc_probability > random_unit(options.seed ^ kXtcStream, draw)) choice.exclude_top(options.xtc_threshold);
  return choice.draw(random_unit(options.seed, draw));
}

int32_t Sampler::sample(std::span<const float> all) try {
  if (all.empty()) return -1;
  const SamplerOptions& options = state_->options;
  if (state_->changes_logits()) all = state_->change(all);
  const LogitOverview logits(all);
  const int32_t best = logits.most_probable();
  if (options.temperature == 0.0f) return best;
  const uint64_t draw = state_->draws++;
  if (!std::isfinite(logits.largest)) return best;  // without probabilities, as below
  const TokenWeights weights = weights_for(logits.largest, options, all.size());
  if (options.mirostat > 0) {
    const TokenList list = {
        .logits = all, .top = logits.largest, .lowest = logits.lowest, .largest_of_block = logits.largest_of_block};
    const double unit = random_unit(options.seed, draw);
    return logits.not_a_number > 0 ? best : state_->mirostat.draw(TokenRanking(weights, list), weights, logits, unit);
  }
  size_t kept = options.top_k == 0 ? all.size() : std::min(all.size(), static_cast<size_t>(options.top_k));
  if (options.top_n_sigma > 0) kept = std::min(kept, count_within_sigma(all, logits.largest, options.top_n_sigma));
  if (logits.not_a_number > all.size() - kept) return best;
  if (!keeps_the_first_ones(options)) {
    const float least = smallest_that_matters(logits, weights, options, kept, octaves_of(options));
    const std::optional<SomeLogits> few = logits.at_least(least, TokenRanking::kSorted);
    return state_->draw_choice(
        few ? TokenChoice(weights, few->logits, few->ids, kept) : TokenChoice(weights, all, {}, kept), draw);
  }
  return state_->draw_first(logits, weights, kept, random_unit(options.seed, draw));
} catch (const std::bad_alloc&) {
  return most_probable(all);
}

int32_t Sampler::sample_top(std::span<const float> logits, std::span<const int32_t> ids, size_t vocab_size) try {
  const SamplerOptions& options = state_->options;
  if (logits.empty() || options.temperature == 0.0f) return ids.empty() ? -1 : ids.front();
  const uint64_t draw_number = state_->draws++;
  const TokenWeights weights = weights_for(logits.front(), options, vocab_size);
  if (!keeps_the_first_ones(options))
    return state_->draw_choice(TokenChoice(weights, logits, ids, logits.size()), draw_number);
  const TokenRanking ranking(weights, {.logits = logits, .ids = ids});
  return draw(ranking, options, logits.size(), octaves_of(options), random_unit(options.seed, draw_number));
} catch (const std::bad_alloc&) {
  return ids.front();
}

}  // namespace tritium
