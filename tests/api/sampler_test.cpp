#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tritium/tritium.hpp"

namespace tritium {
namespace {

const std::vector<float> kLogits = {1.0f, 3.0f, 2.0f, -4.0f};

Sampler sampler(const SamplerOptions& options) { return *Sampler::create(options); }

// Draws many times and counts.
std::array<int, 4> counts(SamplerOptions options, int draws = 20000) {
  Sampler s = sampler(options);
  std::array<int, 4> n{};
  for (int i = 0; i < draws; ++i) ++n[static_cast<size_t>(s.sample(kLogits))];
  return n;
}

TEST(Sampler, TemperatureZeroTakesTheMostProbable) {
  Sampler s = sampler({.temperature = 0});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(s.sample(kLogits), 1);
}

TEST(Sampler, TiesGoToTheLowestId) {
  const std::vector<float> tied = {0, 5, 5};
  EXPECT_EQ(sampler({.temperature = 0}).sample(tied), 1);
}

TEST(Sampler, NanIsNeverTheMostProbable) {
  EXPECT_EQ(sampler({.temperature = 0}).sample(std::vector<float>{NAN, -INFINITY, 2, NAN, 1}), 2);
}

TEST(Sampler, FrequenciesFollowTheSoftmax) {
  const auto n = counts({.temperature = 1.0f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f});
  double sum = 0;
  for (float l : kLogits) sum += std::exp(double{l});
  for (size_t i = 0; i < 4; ++i) {
    const double p = std::exp(double{kLogits[i]}) / sum;
    EXPECT_NEAR(n[i] / 20000.0, p, 4 * std::sqrt(p / 20000.0)) << i;
  }
}

TEST(Sampler, TopKKeepsTheKMostProbable) {
  const auto n = counts({.temperature = 10.0f, .top_k = 2, .top_p = 1.0f, .min_p = 0.0f});
  EXPECT_EQ(n[0] + n[3], 0);
  EXPECT_GT(n[2], 0);
}

TEST(Sampler, TopPKeepsTheFewestThatReachP) {
  // Probabilities about 0.09, 0.665, 0.245: 0.665 alone reaches 0.6, two are needed for 0.9.
  EXPECT_EQ(counts({.temperature = 1.0f, .top_k = 0, .top_p = 0.6f, .min_p = 0.0f})[1], 20000);
  const auto n = counts({.temperature = 1.0f, .top_k = 0, .top_p = 0.9f, .min_p = 0.0f});
  EXPECT_GT(n[2], 0);
  EXPECT_EQ(n[0] + n[3], 0);
}

TEST(Sampler, MinPDropsWhatIsFarBelowTheBest) {
  const auto n = counts({.temperature = 1.0f, .top_k = 0, .top_p = 1.0f, .min_p = 0.2f});  // e^-1 stays, e^-2 goes
  EXPECT_GT(n[2], 0);
  EXPECT_EQ(n[0] + n[3], 0);
}

TEST(Sampler, ValuesOutsideTheirRangesAreRefused) {
  EXPECT_FALSE(Sampler::create({.temperature = -1.0f}).ok());
  EXPECT_FALSE(Sampler::create({.temperature = NAN}).ok());
  EXPECT_FALSE(Sampler::create({.top_k = -1}).ok());
  EXPECT_FALSE(Sampler::create({.top_p = 0.0f}).ok());
  EXPECT_FALSE(Sampler::create({.top_p = 1.5f}).ok());
  EXPECT_FALSE(Sampler::create({.min_p = 1.0f}).ok());
}

}  // namespace
}  // namespace tritium
