// The sampler takes the token that a sampler takes which sorts all of them and adds their weights up one by one; and
// the one that floating-point probabilities gave, summed in that order.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>

#include "tritium/tritium.hpp"

namespace tritium {
namespace {

// As base/counter_rng.h has it.
double random_unit(uint64_t seed, uint64_t counter) {
  uint64_t z = seed * 0xD1342543DE82EF95u + (counter + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

std::vector<int32_t> sorted_ids(const std::vector<float>& logits) {
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::ranges::stable_sort(ids, [&](int32_t a, int32_t b) {
    const float la = logits[static_cast<size_t>(a)], lb = logits[static_cast<size_t>(b)];
    return la > lb || (std::isnan(lb) && !std::isnan(la));
  });
  return ids;
}

size_t kept_of(const SamplerOptions& o, size_t n) {
  return o.top_k == 0 ? n : std::min(n, static_cast<size_t>(o.top_k));
}

// token_weights.h, one token at a time.
uint64_t weight(double y, int bits) {
  if (!(y < 64)) return 0;
  const double n = std::nearbyint(y), t = (y - n) * (-std::numbers::ln2 / 4), t2 = t * t;
  const double low = (1.0 + t) + t2 * (0.5 + t * (1.0 / 6));
  const double high = (1.0 / 24 + t * (1.0 / 120)) + t2 * (1.0 / 720 + t * (1.0 / 5040));
  double e = low + (t2 * t2) * high;
  e = (e * e) * (e * e);
  return static_cast<uint64_t>(std::nearbyint(std::ldexp(e, bits - static_cast<int>(n))));
}

int32_t by_sorting(const std::vector<float>& logits, const SamplerOptions& o, uint64_t draw) {
  const std::vector<int32_t> ids = sorted_ids(logits);
  const auto at = [&](size_t i) { return logits[static_cast<size_t>(ids[i])]; };
  const size_t kept = kept_of(o, ids.size());
  if (o.temperature == 0 || !std::isfinite(at(0)) || std::isnan(at(kept - 1))) return ids[0];
  const double per_logit = std::numbers::log2e / double{o.temperature};
  const auto below = [&](size_t i) { return (double{at(0)} - double{at(i)}) * per_logit; };
  std::vector<uint64_t> weights(kept);
  uint64_t sum = 0;
  const int bits = std::min(40, 63 - static_cast<int>(std::bit_width(ids.size())));
  for (size_t i = 0; i < kept; ++i) sum += weights[i] = weight(below(i), bits);
  const auto part = static_cast<uint64_t>(std::ceil(double{o.top_p} * static_cast<double>(sum)));
  const uint64_t enough = o.top_p < 1 ? part : std::numeric_limits<uint64_t>::max();
  size_t candidates = 0;
  uint64_t mass = 0;
  while (candidates < kept && mass < enough && (o.min_p == 0 || below(candidates) <= -std::log2(double{o.min_p})))
    mass += weights[candidates++];
  const auto drawn = std::min(mass - 1, static_cast<uint64_t>(random_unit(o.seed, draw) * static_cast<double>(mass)));
  uint64_t through = 0;
  for (size_t i = 0; i < candidates; ++i)
    if ((through += weights[i]) > drawn) return ids[i];
  return -1;
}

int32_t by_floats(const std::vector<float>& logits, const SamplerOptions& o, uint64_t draw) {
  const std::vector<int32_t> ids = sorted_ids(logits);
  if (o.temperature == 0) return ids[0];
  const size_t kept = kept_of(o, ids.size());
  std::vector<double> p(kept);
  double sum = 0, mass = 0;
  const double largest = logits[static_cast<size_t>(ids[0])];
  for (size_t i = 0; i < kept; ++i)
    sum += p[i] = std::exp((double{logits[static_cast<size_t>(ids[i])]} - largest) / o.temperature);
  size_t candidates = 0;
  while (candidates < kept && mass < o.top_p * sum && p[candidates] > 0 && p[candidates] >= o.min_p * p[0])
    mass += p[candidates++];
  double target = random_unit(o.seed, draw) * mass;
  for (size_t i = 0; i + 1 < candidates; ++i)
    if ((target -= p[i]) < 0) return ids[i];
  return ids[candidates > 0 ? candidates - 1 : 0];
}

struct Case {
  const char* name;
  std::vector<float> logits;
};

std::vector<float> filled(size_t n, const std::function<float(size_t)>& value) {
  std::vector<float> logits(n);
  for (size_t i = 0; i < n; ++i) logits[i] = value(i);
  return logits;
}

std::vector<Case> cases(size_t n) {
  std::mt19937 random(static_cast<uint32_t>(n));
  std::normal_distribution<float> normal;
  const auto scaled = [&](float scale) { return filled(n, [&](size_t) { return scale * normal(random); }); };
  const auto with = [&](std::vector<float> logits, float value, size_t every) {
    for (size_t i = n > 1 ? 1 : 0; i < n; i += every) logits[i] = value;
    return logits;
  };
  std::vector<Case> all = {
      {"random", scaled(3)},
      {"peaked", scaled(30)},
      {"flat", scaled(1e-3f)},
      {"very flat", scaled(1e-30f)},
      {"equal", std::vector<float>(n, -2.5f)},
      {"tied", filled(n, [&](size_t) { return static_cast<float>(random() % 3); })},
      {"two values", filled(n, [&](size_t i) { return i % 2 == 0 ? 0.0f : -0.0f; })},
      {"ascending", filled(n, [&](size_t i) { return 1e-4f * static_cast<float>(i); })},
      {"a NaN", with(scaled(3), NAN, n)},
      {"NaN", std::vector<float>(n, NAN)},
      {"NaN and equal", with(std::vector<float>(n, 1.0f), NAN, 3)},
      {"infinite", with(scaled(3), INFINITY, n)},
      {"masked", with(scaled(3), -INFINITY, 2)},
      {"masked and equal", with(std::vector<float>(n, 1.0f), -INFINITY, 3)},
      {"nothing but -infinity", std::vector<float>(n, -INFINITY)},
      {"an outlier", with(scaled(1e-3f), 1e30f, n)},
      {"outliers below", with(scaled(1e-3f), -1e30f, 7)},
      {"the largest floats", filled(n, [&](size_t i) { return i % 2 == 0 ? 3.4e38f : -3.4e38f; })},
      {"denormal", scaled(1e-44f)},
  };
  return all;
}

std::vector<SamplerOptions> options() {
  std::vector<SamplerOptions> all;
  for (const float temperature : {0.0f, 0.2f, 0.8f, 2.0f})
    for (const int64_t top_k : {0, 1, 40, 1000, 9000})
      for (const float top_p : {1.0f, 0.95f, 0.3f, 1e-6f})
        for (const float min_p : {0.0f, 0.05f, 0.9f})
          all.push_back(
              {.temperature = temperature, .top_k = top_k, .top_p = top_p, .min_p = min_p, .seed = all.size()});
  for (const float temperature : {1e-45f, 1e-3f, 1e6f, 3e38f})
    all.push_back({.temperature = temperature, .top_k = 0, .top_p = 0.95f, .min_p = 0.0f, .seed = all.size()});
  return all;
}

void compare(const Case& c, const SamplerOptions& o, uint64_t draws) {
  Sampler sampler = *Sampler::create(o);
  for (uint64_t draw = 0; draw < draws; ++draw) {
    const int32_t token = sampler.sample(c.logits);
    const auto where = [&] {
      return testing::Message() << c.name << " of " << c.logits.size() << ", temperature " << o.temperature
                                << ", top_k " << o.top_k << ", top_p " << o.top_p << ", min_p " << o.min_p << ", draw "
                                << draw;
    };
    ASSERT_EQ(token, by_sorting(c.logits, o, draw)) << where();
    ASSERT_EQ(token, by_floats(c.logits, o, draw)) << where();
  }
}

TEST(SamplerOracle, SmallVocabularies) {
  for (const size_t n : {1, 2, 3, 63, 64, 65, 129, 500})
    for (const Case& c : cases(n))
      for (const SamplerOptions& o : options()) ASSERT_NO_FATAL_FAILURE(compare(c, o, 8));
}

// More than are sorted, and not a whole number of chunks.
TEST(SamplerOracle, VocabulariesThatAreNotSorted) {
  for (const size_t n : {2049, 9001})
    for (const Case& c : cases(n))
      for (size_t i = 0; const SamplerOptions& o : options()) {
        if (n > 3000 && i++ % 4 != 0) continue;
        ASSERT_NO_FATAL_FAILURE(compare(c, o, 1));
      }
}

TEST(SamplerOracle, TheLogitsThatAreKeptAloneGiveTheSameToken) {
  for (const size_t n : {64, 129, 9001})
    for (const Case& c : cases(n)) {
      if (!std::ranges::all_of(c.logits, [](float x) { return std::isfinite(x); })) continue;
      for (const SamplerOptions& o : options()) {
        if (o.temperature == 0 || o.top_k == 0 || o.top_k > 64) continue;
        std::vector<int32_t> ids = sorted_ids(c.logits);
        ids.resize(static_cast<size_t>(o.top_k));
        std::vector<float> kept;
        for (const int32_t id : ids) kept.push_back(c.logits[static_cast<size_t>(id)]);
        Sampler all = *Sampler::create(o), few = *Sampler::create(o);
        for (int draw = 0; draw < 4; ++draw)
          ASSERT_EQ(few.sample_top(kept, ids, n), all.sample(c.logits)) << c.name << " of " << n;
      }
    }
}

TEST(SamplerOracle, AVocabularyOf152Thousand) {
  const std::vector<SamplerOptions> some = {{.temperature = 0.8f, .top_k = 0, .top_p = 0.95f, .min_p = 0.05f},
                                            {.temperature = 2.0f, .top_k = 0, .top_p = 1.0f, .min_p = 0.0f, .seed = 3},
                                            {.temperature = 1.0f, .top_k = 100000, .top_p = 0.95f, .min_p = 0.0f}};
  for (const Case& c : cases(151936))
    for (const SamplerOptions& o : some) ASSERT_NO_FATAL_FAILURE(compare(c, o, 1));
}

}  // namespace
}  // namespace tritium
