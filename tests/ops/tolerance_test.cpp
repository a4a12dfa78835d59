// The bounds that follow from Vulkan's precisions hold for a device that is as far off as it may be, and only just.
#include "ops/tolerance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "ops/kl_divergence.h"
#include "tests/ops/finite_difference.h"

namespace tritium {
namespace {

// Each function errs by all that the table allows, up or down; everything else is exact.
struct Device {
  double exp_up = 0, division_up = 0, log_up = 0;  // 1 up, -1 down, 0 exact

  double exp(double x) const { return std::exp(x) * (1 + exp_up * (3 + 2 * std::abs(x)) * kUlp); }
  double divide(double a, double b) const { return a / b * (1 + division_up * kDivision); }
  double log(double x) const {
    return x < 0.5 || x > 2 ? std::log(x) * (1 + log_up * 3 * kUlp) : std::log(x) + log_up * kLogNearOne;
  }
};

Doubles distances_from_largest(size_t n, uint64_t seed, double spread) {
  const std::vector<float> scores = random_floats(n, seed, spread);
  const double largest = *std::ranges::max_element(scores);
  Doubles gaps(scores.begin(), scores.end());
  for (double& gap : gaps) gap -= largest;
  return gaps;
}

// The largest |p_j - softmax_j| beside the largest softmax_j, of a device whose terms are off one way and whose sum the
// other: additions, too.
double worst_softmax(const Doubles& gaps, double up) {
  double exact = 0, sum = 0, worst = 0;
  for (double gap : gaps) {
    exact += std::exp(gap);
    sum += Device{.exp_up = -up}.exp(gap * (1 + up * kRounding));
  }
  sum *= 1 - up * sum_error(static_cast<int>(std::bit_width(gaps.size() - 1)));
  for (double gap : gaps) {
    const double term = Device{.exp_up = up}.exp(gap * (1 - up * kRounding));
    worst = std::max(worst, std::abs(Device{.division_up = up}.divide(term, sum) - std::exp(gap) / exact));
  }
  return worst * exact;
}

TEST(SoftmaxError, CoversADeviceThatIsAsFarOffAsItMayBe) {
  for (const double spread : {0.01, 1.0, 3.0, 30.0})
    for (const auto& [n, k] : {std::pair{2, 1}, {8, 3}, {1024, 10}, {8192, 13}})
      for (const double up : {1.0, -1.0}) {
        const double worst = worst_softmax(distances_from_largest(static_cast<size_t>(n), 7, spread), up);
        EXPECT_LE(worst, softmax_error(k)) << n << " of spread " << spread;
        EXPECT_GT(worst, softmax_error(k) / 6) << n << " of spread " << spread;
      }
}

TEST(SigmoidError, CoversADeviceThatIsAsFarOffAsItMayBe) {
  double worst = 0;
  for (double x = -12; x <= 12; x += 0.25)
    for (const double up : {1.0, -1.0}) {
      const double got = Device{.division_up = -up}.divide(x, 1 + Device{.exp_up = up}.exp(-x));
      worst = std::max(worst, std::abs(got * (1 + std::exp(-x)) - x) / std::max(std::abs(x), 0.25));
    }
  EXPECT_LE(worst, sigmoid_error(12));
  EXPECT_GT(worst, sigmoid_error(12) / 2);
}

// As kl_divergence.comp: parts that are 0 or more.
double by_parts(double q, double t, double d) { return std::abs(d) < 1 ? t * (std::expm1(-d) + d) : q - t + t * d; }

// As sums that cancel: of t log(t / q), before and after the logarithms of the two sums.
double by_logarithms(double, double t, double d) { return t * d; }

// The error of a loss of a nat, at temperature 4 over 5000 words, beside it: the worst of all devices.
double worst_divergence(double (*part)(double, double, double)) {
  constexpr double kTemperature = 4;
  const Doubles student = distances_from_largest(5000, 1, 1.0), teacher = distances_from_largest(5000, 2, 1.0);
  const auto divergence = [&](const Device& of_q, const Device& of_t) {
    Doubles u, v;
    double q_sum = 0, t_sum = 0, sum = 0;
    for (size_t i = 0; i < student.size(); ++i) {
      u.push_back(of_q.divide(student[i], kTemperature)), v.push_back(of_t.divide(teacher[i], kTemperature));
      q_sum += of_q.exp(u[i]), t_sum += of_t.exp(v[i]);
    }
    const double shift = of_q.log(of_t.divide(q_sum, t_sum));
    for (size_t i = 0; i < student.size(); ++i)
      sum += part(of_q.divide(of_q.exp(u[i]), q_sum), of_t.divide(of_t.exp(v[i]), t_sum), v[i] - u[i] + shift);
    return sum;
  };
  const double exact = divergence({}, {});
  double worst = 0;
  for (int signs = 0; signs < 32; ++signs) {
    const auto up = [signs](int bit) { return (signs >> bit & 1) != 0 ? 1.0 : -1.0; };
    worst = std::max(worst, std::abs(divergence({up(0), up(1), up(2)}, {up(3), up(4), 0}) - exact) / exact);
  }
  return worst;
}

TEST(KlDivergenceTolerance, CoversADeviceThatIsAsFarOffAsItMayBe) {
  EXPECT_LE(worst_divergence(by_parts), KlDivergence::kTolerance);
}

TEST(KlDivergenceTolerance, WouldNotHoldForPartsThatCancel) {
  EXPECT_GT(worst_divergence(by_logarithms), KlDivergence::kTolerance);
  EXPECT_GT(worst_divergence(by_logarithms), 5 * worst_divergence(by_parts));
}

}  // namespace
}  // namespace tritium
