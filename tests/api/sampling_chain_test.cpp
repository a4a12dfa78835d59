// Each step of the chain takes the token that a plain double-precision sampler takes, which sorts all tokens, keeps a
// list of them, and looks through the whole text again for every token.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/api/plain_sampler.h"
#include "tritium/tritium.hpp"

namespace tritium {
namespace {

// Options that change nothing but what they say.
SamplerOptions open() { return {.temperature = 1.0f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f}; }

std::vector<float> random_logits(std::mt19937& random, size_t n, float scale) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> logits(n);
  for (float& l : logits) l = normal(random);
  return logits;
}

// Writes a text by both: other logits for each token, and a text that has repetitions.
void compare(const SamplerOptions& o, size_t n, float scale, int tokens, const std::string& what) {
  std::mt19937 random(static_cast<uint32_t>(n) * 31 + static_cast<uint32_t>(scale * 8));
  Result<Sampler> sampler = Sampler::create(o, piece);
  ASSERT_TRUE(sampler.ok()) << sampler.message();
  PlainSampler plain(o);
  const auto accept = [&](int32_t token) {
    ASSERT_TRUE(sampler->accept(token).ok());
    plain.accept(token);
  };
  for (int i = 0; i < 24; ++i) accept(static_cast<int32_t>(random() % 8 % 3 + random() % 2 * 5));
  for (int i = 0; i < tokens; ++i) {
    const std::vector<float> logits = random_logits(random, n, scale);
    const int32_t expected = plain.sample(logits);
    ASSERT_EQ(sampler->sample(logits), expected) << what << ", of " << n << ", spread " << scale << ", token " << i;
    accept(expected);
  }
}

struct Case {
  const char* name;
  void (*set)(SamplerOptions&);
};

const std::vector<Case> kCases = {
    {"nothing", [](SamplerOptions&) {}},
    {"typical", [](SamplerOptions& o) { o.typical_p = 0.7f; }},
    {"hardly typical", [](SamplerOptions& o) { o.typical_p = 1e-6f; }},
    {"typical of 20", [](SamplerOptions& o) { o.typical_p = 0.5f, o.top_k = 20, o.min_p = 0.1f; }},
    {"typical, top_p", [](SamplerOptions& o) { o.typical_p = 0.9f, o.top_p = 0.6f, o.temperature = 0.7f; }},
    {"top_n_sigma", [](SamplerOptions& o) { o.top_n_sigma = 1.0f; }},
    {"top_n_sigma, hot", [](SamplerOptions& o) { o.top_n_sigma = 0.5f, o.temperature = 5; }},
    {"top_n_sigma, others", [](SamplerOptions& o) { o.top_n_sigma = 2, o.top_k = 9, o.top_p = 0.9f, o.min_p = 0.02f; }},
    {"XTC always", [](SamplerOptions& o) { o.xtc_probability = 1, o.xtc_threshold = 0.05f; }},
    {"XTC now and then", [](SamplerOptions& o) { o.xtc_probability = 0.5f, o.xtc_threshold = 0.02f, o.seed = 5; }},
    {"XTC after others", [](SamplerOptions& o) { o.xtc_probability = 0.8f, o.top_k = 6, o.top_p = 0.9f, o.seed = 6; }},
    {"repeat", [](SamplerOptions& o) { o.repeat_penalty = 1.3f; }},
    {"repeat, greedy", [](SamplerOptions& o) { o.repeat_penalty = 2, o.temperature = 0; }},
    {"repeat of 5", [](SamplerOptions& o) { o.repeat_penalty = 0.8f, o.penalty_last_n = 5; }},
    {"frequency", [](SamplerOptions& o) { o.frequency_penalty = 0.4f, o.penalty_last_n = -1; }},
    {"presence", [](SamplerOptions& o) { o.presence_penalty = 1.5f, o.penalty_last_n = 12; }},
    {"all of the text",
     [](SamplerOptions& o) {
       o.repeat_penalty = 1.1f, o.frequency_penalty = -0.2f, o.presence_penalty = 0.5f, o.top_k = 5;
     }},
    {"DRY", [](SamplerOptions& o) { o.dry_multiplier = 0.8f; }},
    {"DRY, greedy", [](SamplerOptions& o) { o.dry_multiplier = 2, o.dry_allowed_length = 1, o.temperature = 0; }},
    {"DRY without breakers", [](SamplerOptions& o) { o.dry_multiplier = 1, o.dry_sequence_breakers = {}; }},
    {"DRY, long breakers",
     [](SamplerOptions& o) {
       o.dry_multiplier = 3, o.dry_base = 2, o.dry_allowed_length = 1, o.dry_sequence_breakers = {"bca", "\n-", "ab."};
     }},
    {"DRY of 10", [](SamplerOptions& o) { o.dry_multiplier = 1, o.dry_allowed_length = 1, o.dry_penalty_last_n = 10; }},
    {"bias",
     [](SamplerOptions& o) {
       o.logit_bias = {{0, 2.5f}, {3, -INFINITY}, {4, -1}};
     }},
    {"bias, greedy",
     [](SamplerOptions& o) {
       o.logit_bias = {{1, 3}}, o.temperature = 0;
     }},
    {"mirostat 1", [](SamplerOptions& o) { o.mirostat = 1, o.mirostat_tau = 2, o.seed = 8; }},
    {"mirostat 2", [](SamplerOptions& o) { o.mirostat = 2, o.mirostat_tau = 2, o.seed = 9; }},
    {"mirostat 2, hot", [](SamplerOptions& o) { o.mirostat = 2, o.mirostat_eta = 0.5f, o.temperature = 2; }},
    {"mirostat with penalties", [](SamplerOptions& o) { o.mirostat = 2, o.mirostat_tau = 3, o.repeat_penalty = 1.5f; }},
    {"everything",
     [](SamplerOptions& o) {
       o.typical_p = 0.9f, o.top_n_sigma = 2, o.xtc_probability = 0.5f, o.xtc_threshold = 0.1f, o.repeat_penalty = 1.1f;
       o.frequency_penalty = 0.1f, o.presence_penalty = 0.1f, o.dry_multiplier = 0.5f, o.logit_bias = {{2, 1}};
       o.top_k = 30, o.top_p = 0.95f, o.min_p = 0.01f, o.temperature = 0.9f;
     }},
};

TEST(SamplingChain, TakesTheTokensOfAPlainSampler) {
  for (const Case& c : kCases) {
    SamplerOptions o = open();
    c.set(o);
    for (const size_t n : {12, 65, 500})
      for (const float scale : {0.5f, 3.0f}) ASSERT_NO_FATAL_FAILURE(compare(o, n, scale, 100, c.name));
    ASSERT_NO_FATAL_FAILURE(compare(o, 3000, 2.0f, 10, c.name));  // more than are sorted
  }
}

TEST(SamplingChain, TheLargestLogitsAloneGiveTheSameTokenWhereTheyAreEnough) {
  std::mt19937 random(3);
  for (const Case& c : kCases) {
    SamplerOptions o = open();
    c.set(o);
    o.top_k = 20;
    Sampler all = *Sampler::create(o), few = *Sampler::create(o);
    if (o.temperature == 0 || all.needs_all_logits()) continue;
    for (int i = 0; i < 50; ++i) {
      const std::vector<float> logits = random_logits(random, 400, 2);
      std::vector<int32_t> ids(logits.size());
      std::iota(ids.begin(), ids.end(), 0);
      std::ranges::stable_sort(ids, std::greater(), [&](int32_t id) { return logits[static_cast<size_t>(id)]; });
      ids.resize(20);
      std::vector<float> kept(ids.size());
      std::ranges::transform(ids, kept.begin(), [&](int32_t id) { return logits[static_cast<size_t>(id)]; });
      ASSERT_EQ(few.sample_top(kept, ids, logits.size()), all.sample(logits)) << c.name;
    }
  }
}

TEST(SamplingChain, OptionsThatLookAtAllLogitsSayThatTheyNeedThem) {
  const auto needs = [](const SamplerOptions& o) { return Sampler::create(o)->needs_all_logits(); };
  EXPECT_FALSE(needs({}));
  EXPECT_FALSE(needs({.typical_p = 0.5f, .xtc_probability = 0.5f}));
  EXPECT_FALSE(needs({.repeat_penalty = 2, .penalty_last_n = 0}));
  EXPECT_FALSE(needs({.temperature = 0, .top_n_sigma = 1, .mirostat = 2}));
  for (const SamplerOptions& o : std::vector<SamplerOptions>{{.top_n_sigma = 1},
                                                             {.repeat_penalty = 2},
                                                             {.frequency_penalty = 1},
                                                             {.presence_penalty = 1},
                                                             {.dry_multiplier = 1},
                                                             {.mirostat = 1},
                                                             {.temperature = 0, .logit_bias = {{1, 1}}}})
    EXPECT_TRUE(needs(o));
}

TEST(SamplingChain, TokensWithoutProbabilitiesAreNotDrawn) {
  std::mt19937 random(1);
  for (const Case& c : kCases) {
    SamplerOptions o = open();
    c.set(o);
    o.logit_bias.clear();
    Sampler sampler = *Sampler::create(o);
    std::vector<float> logits = random_logits(random, 300, 1);
    for (size_t i = 0; i < logits.size(); i += 2) logits[i] = -INFINITY;
    for (int i = 0; i < 50; ++i) ASSERT_EQ(sampler.sample(logits) % 2, 1) << c.name;
    logits[7] = NAN;
    for (int i = 0; i < 50; ++i) ASSERT_NE(sampler.sample(logits), 7) << c.name;
  }
}

TEST(SamplingChain, MirostatKeepsTheMeanSurpriseNearItsTarget) {
  std::mt19937 random(4);
  for (const int version : {1, 2})
    for (const float tau : {5.0f, 6.0f}) {  // the most probable token alone has about 4, all have about 7.4
      SamplerOptions o = open();
      o.mirostat = version, o.mirostat_tau = tau;
      Sampler sampler = *Sampler::create(o);
      const int n = 4000;
      double surprise = 0;
      for (int i = 0; i < n; ++i) {
        const std::vector<float> logits = random_logits(random, 500, 1.5f);
        double sum = 0;
        for (const float l : logits) sum += std::exp(double{l});
        const int32_t token = sampler.sample(logits);
        surprise += std::log2(sum / std::exp(double{logits[static_cast<size_t>(token)]})) / n;
      }
      // The sum of its errors is what its maximum has moved by: within its range, divided by eta and n.
      EXPECT_NEAR(surprise, tau, 20 / 0.1 / n) << version;
    }
}

TEST(SamplingChain, ACopyGoesOnByItself) {
  SamplerOptions o = open();
  o.repeat_penalty = 3, o.dry_multiplier = 1, o.mirostat = 2, o.seed = 3;
  Sampler sampler = *Sampler::create(o, piece);
  ASSERT_TRUE(sampler.accept(1).ok());
  Sampler copy = sampler;
  std::mt19937 random(2);
  std::vector<int32_t> by_original, by_copy;
  for (auto* s : {&sampler, &copy}) {
    random.seed(9);
    for (int i = 0; i < 30; ++i) {
      const int32_t token = s->sample(random_logits(random, 40, 1));
      (s == &copy ? by_copy : by_original).push_back(token);
      ASSERT_TRUE(s->accept(token).ok());
    }
  }
  EXPECT_EQ(by_original, by_copy);
}

TEST(SamplingChain, ARandomSeedIsToldAndGivesTheSameTokensAgain) {
  std::mt19937 random(2);
  const std::vector<float> logits = random_logits(random, 100, 1);
  const auto tokens = [&](uint64_t seed, uint64_t& told) {
    SamplerOptions o = open();
    o.seed = seed;
    Sampler sampler = *Sampler::create(o);
    told = sampler.seed();
    std::vector<int32_t> drawn(30);
    for (int32_t& token : drawn) token = sampler.sample(logits);
    return drawn;
  };
  uint64_t one = 0, other = 0, again = 0;
  const std::vector<int32_t> first = tokens(kRandomSeed, one);
  EXPECT_NE(tokens(kRandomSeed, other), first);
  EXPECT_NE(one, other);
  EXPECT_LT(one, uint64_t{1} << 32);
  EXPECT_EQ(tokens(one, again), first);
  EXPECT_EQ(again, one);
}

TEST(SamplingChain, ValuesOutsideTheirRangesAreRefusedByName) {
  const std::vector<std::pair<const char*, SamplerOptions>> wrong = {
      {"typical_p", {.typical_p = 0}},
      {"typical_p", {.typical_p = NAN}},
      {"top_n_sigma", {.top_n_sigma = -1}},
      {"xtc_probability", {.xtc_probability = 1.1f}},
      {"xtc_threshold", {.xtc_threshold = -0.1f}},
      {"repeat_penalty", {.repeat_penalty = 0}},
      {"repeat_penalty", {.repeat_penalty = INFINITY}},
      {"frequency_penalty", {.frequency_penalty = NAN}},
      {"presence_penalty", {.presence_penalty = INFINITY}},
      {"penalty_last_n", {.penalty_last_n = -2}},
      {"dry_multiplier", {.dry_multiplier = -1}},
      {"dry_base", {.dry_base = 0.5f}},
      {"dry_allowed_length", {.dry_allowed_length = 0}},
      {"dry_penalty_last_n", {.dry_penalty_last_n = -2}},
      {"dry_sequence_breakers", {.dry_sequence_breakers = {"\n", ""}}},
      {"mirostat", {.mirostat = 3}},
      {"mirostat_tau", {.mirostat_tau = -1}},
      {"mirostat_eta", {.mirostat_eta = NAN}},
      {"logit_bias", {.logit_bias = {{-1, 0}}}},
      {"logit_bias", {.logit_bias = {{1, INFINITY}}}},
      {"logit_bias", {.logit_bias = {{1, NAN}}}},
  };
  for (const auto& [name, options] : wrong) {
    const Result<Sampler> sampler = Sampler::create(options);
    EXPECT_EQ(sampler.code(), StatusCode::invalid_argument) << name;
    EXPECT_NE(sampler.message().find(name), std::string::npos) << sampler.message();
  }
  EXPECT_EQ(Sampler::create({})->accept(-1).code(), StatusCode::invalid_argument);
}

}  // namespace
}  // namespace tritium
