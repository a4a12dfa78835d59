#include "experiment/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tritium::experiment {
namespace {

TEST(Intervals, AreThoseOfStudent) {
  // 2.776 / sqrt 5 times the deviation of 1 … 5, sqrt 2.5.
  const std::vector<double> values = {1, 2, 3, 4, 5};
  const Interval i = interval_of(values);
  EXPECT_DOUBLE_EQ(i.mean, 3);
  EXPECT_NEAR(i.half_width, 2.776 * std::sqrt(2.5 / 5), 1e-12);
  EXPECT_EQ(i.n, 5);
}

TEST(Intervals, OneValueHasNone) {
  const std::vector<double> one = {7};
  EXPECT_EQ(interval_of(one).half_width, 0);
  EXPECT_EQ(interval_of({}).n, 0);
}

TEST(Intervals, QuantilesGoOnBehindTheTable) {
  // Tables say 2.0395 for 31, 2.0003 for 60 and 1.9840 for 100.
  EXPECT_NEAR(student_t(31), 2.0395, 2e-4);
  EXPECT_NEAR(student_t(60), 2.0003, 2e-4);
  EXPECT_NEAR(student_t(100), 1.9840, 2e-4);
}

}  // namespace
}  // namespace tritium::experiment
