// GPTQ against its definition: after each column the best change of those that are left, by an inverse of their own.
#include "train/quantizers/gptq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/counter_rng.h"

namespace tritium::training {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Inputs that go together: sums of few hidden causes.
Matrix correlated_inputs(size_t samples, size_t cols, uint64_t seed) {
  Matrix x(samples, std::vector<double>(cols));
  for (size_t t = 0; t < samples; ++t)
    for (size_t c = 0; c < cols; ++c) {
      for (size_t cause = 0; cause < 3; ++cause)
        x[t][c] += random_normal(seed, t * 3 + cause) * random_normal(seed + 1, c * 3 + cause);
      x[t][c] += 0.1 * random_normal(seed + 2, t * cols + c);
    }
  return x;
}

std::vector<double> hessian_of(const Matrix& x) {
  const size_t n = x[0].size();
  std::vector<double> h(n * n);
  for (const auto& row : x)
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) h[i * n + j] += row[i] * row[j];
  return h;
}

std::vector<float> random_weights(size_t n, uint64_t seed) {
  std::vector<float> w(n);
  for (size_t i = 0; i < n; ++i) w[i] = static_cast<float>(random_normal(seed, i));
  return w;
}

float on_grid(double w, float scale, int qmax) {
  return scale * static_cast<float>(std::clamp(std::nearbyint(w / double{scale}), static_cast<double>(-qmax),
                                               static_cast<double>(qmax)));
}

std::vector<float> to_nearest(const std::vector<float>& w, float scale, int qmax) {
  std::vector<float> q;
  for (double v : w) q.push_back(on_grid(v, scale, qmax));
  return q;
}

double output_error(const Matrix& x, const std::vector<float>& w, const std::vector<float>& q) {
  double sum = 0;
  for (const auto& row : x) {
    double difference = 0;
    for (size_t c = 0; c < w.size(); ++c) difference += row[c] * (double{w[c]} - double{q[c]});
    sum += difference * difference;
  }
  return sum;
}

// Gauss-Jordan.
Matrix inverse_of(Matrix a) {
  const size_t n = a.size();
  Matrix inverse(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i) inverse[i][i] = 1;
  for (size_t i = 0; i < n; ++i) {
    const double pivot = a[i][i];
    for (size_t j = 0; j < n; ++j) a[i][j] /= pivot, inverse[i][j] /= pivot;
    for (size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const double factor = a[r][i];
      for (size_t j = 0; j < n; ++j) a[r][j] -= factor * a[i][j], inverse[r][j] -= factor * inverse[i][j];
    }
  }
  return inverse;
}

// Column by column: those that are left change by -(w_j - q_j) / G_jj G_j, with G the inverse of their own part of H.
std::vector<float> by_definition(const std::vector<float>& w, const std::vector<double>& h, float scale, int qmax) {
  const size_t n = w.size();
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += h[i * n + i];
  std::vector<double> left(w.begin(), w.end());
  std::vector<float> q(n);
  for (size_t j = 0; j < n; ++j) {
    Matrix part(n - j, std::vector<double>(n - j));
    for (size_t a = j; a < n; ++a)
      for (size_t b = j; b < n; ++b)
        part[a - j][b - j] = h[a * n + b] + (a == b ? 0.01 * trace / static_cast<double>(n) : 0.0);
    const Matrix g = inverse_of(part);
    q[j] = on_grid(left[j], scale, qmax);
    const double change = (left[j] - double{q[j]}) / g[0][0];
    for (size_t k = j; k < n; ++k) left[k] -= change * g[0][k - j];
  }
  return q;
}

TEST(Gptq, IsWhatTheDefinitionSays) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const size_t n = 1 + seed % 13;
    const std::vector<double> h = hessian_of(correlated_inputs(40, n, seed));
    const std::vector<float> w = random_weights(n, 100 + seed), scales = {0.31f};
    std::vector<float> q = w;
    ASSERT_TRUE(gptq_round(q, static_cast<int64_t>(n), h, {.scales = scales, .qmax = 7}).ok());
    EXPECT_EQ(q, by_definition(w, h, scales[0], 7)) << seed;
  }
}

TEST(Gptq, ChangesOutputsLessThanRoundingToNearest) {
  double ratio = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Matrix x = correlated_inputs(200, 48, seed);
    const std::vector<float> w = random_weights(48, 7 + seed), scales = {0.4f};
    std::vector<float> q = w;
    ASSERT_TRUE(gptq_round(q, 48, hessian_of(x), {.scales = scales, .qmax = 7}).ok());
    ratio += output_error(x, w, q) / output_error(x, w, to_nearest(w, scales[0], 7)) / 20;
  }
  EXPECT_LT(ratio, 0.2);
}

// All corners around few weights: nothing is below the least error, and GPTQ is nearer to it than rounding.
TEST(Gptq, ComesNearTheBestOfAllRoundings) {
  double best_sum = 0, gptq_sum = 0, nearest_sum = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const size_t n = 8;
    const Matrix x = correlated_inputs(60, n, seed);
    const std::vector<float> w = random_weights(n, 50 + seed), scales = {0.7f};
    std::vector<float> q = w, corner(n);
    ASSERT_TRUE(gptq_round(q, n, hessian_of(x), {.scales = scales, .qmax = 7}).ok());
    double best = INFINITY;
    for (size_t bits = 0; bits < 6561; ++bits) {  // each weight to nearest, a step below or above
      size_t rest = bits;
      for (size_t i = 0; i < n; ++i, rest /= 3)
        corner[i] = on_grid(double{w[i]} + 0.7 * (static_cast<double>(rest % 3) - 1), 0.7f, 7);
      best = std::min(best, output_error(x, w, corner));
    }
    best_sum += best, gptq_sum += output_error(x, w, q), nearest_sum += output_error(x, w, to_nearest(w, 0.7f, 7));
  }
  EXPECT_LE(best_sum, gptq_sum);
  EXPECT_LT(gptq_sum, 0.5 * (best_sum + nearest_sum));
}

TEST(Gptq, WithInputsThatHaveNothingToDoWithEachOtherItRoundsToNearest) {
  std::vector<double> h(9);
  h[0] = 5, h[4] = 0, h[8] = 2;  // one is always 0
  const std::vector<float> w = {0.3f, -1.2f, 0.74f}, scales = {0.5f};
  std::vector<float> q = w;
  ASSERT_TRUE(gptq_round(q, 3, h, {.scales = scales, .qmax = 7}).ok());
  EXPECT_EQ(q, to_nearest(w, 0.5f, 7));
}

TEST(Gptq, GroupsAndRowsHaveTheirOwnScales) {
  const std::vector<double> h = hessian_of(correlated_inputs(50, 6, 3));
  const std::vector<float> scales = {0.25f, 0.5f, 1.0f, 0.0f};
  std::vector<float> q = random_weights(12, 4);
  ASSERT_TRUE(gptq_round(q, 6, h, {.scales = scales, .group_size = 4, .qmax = 7}).ok());
  for (size_t i = 0; i < 12; ++i) {
    const float scale = scales[i / 6 * 2 + i % 6 / 4];
    if (scale == 0.0f) {
      EXPECT_EQ(q[i], 0.0f);
    } else {
      EXPECT_EQ(q[i], on_grid(double{q[i]}, scale, 7));
    }
  }
}

TEST(Gptq, InputsThatAreNoNumbersAreAnError) {
  std::vector<float> w = {1.0f, 2.0f};
  const std::vector<float> scales = {1.0f};
  EXPECT_EQ(gptq_round(w, 2, {NAN, 0, 0, 1}, {.scales = scales}).code(), StatusCode::device_error);
}

}  // namespace
}  // namespace tritium::training
