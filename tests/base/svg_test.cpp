#include "base/svg.h"

#include <gtest/gtest.h>

#include <vector>

namespace tritium {
namespace {

std::vector<std::string> labels(const Ticks& ticks) {
  std::vector<std::string> texts;
  for (int i = 0; i < ticks.count; ++i) texts.push_back(tick_label(ticks.at(i)));
  return texts;
}

using Labels = std::vector<std::string>;

TEST(Ticks, AreRound) {
  EXPECT_EQ(labels(nice_ticks(0, 1, 5)), (Labels{"0", "0.2", "0.4", "0.6", "0.8", "1"}));
  EXPECT_EQ(labels(nice_ticks(1.37, 4.62, 6)), (Labels{"1.5", "2", "2.5", "3", "3.5", "4", "4.5"}));
  EXPECT_EQ(labels(nice_ticks(0, 20000, 5)), (Labels{"0", "5000", "10000", "15000", "20000"}));
  EXPECT_EQ(labels(nice_ticks(-3e-5, 3e-5, 4)), (Labels{"-2e-05", "0", "2e-05"}));
}

TEST(Ticks, AreNotCloserThanTheSmallest) {
  EXPECT_EQ(labels(nice_ticks(0, 3, 8, 1)), (Labels{"0", "1", "2", "3"}));
  EXPECT_EQ(labels(nice_ticks(6.5, 7.5, 8, 1)), (Labels{"7"}));
}

TEST(Ticks, AreFewInAnyRange) {
  for (double high = 1e-9; high < 1e30; high *= 1.7) {
    const Ticks ticks = nice_ticks(0, high, 6);
    EXPECT_GE(ticks.count, 3) << high;
    EXPECT_LE(ticks.count, 9) << high;
    EXPECT_LE(ticks.at(ticks.count - 1), high * 1.00001);
  }
}

TEST(Svg, WritesNumbersShortAndPlain) {
  Svg svg(100, 1e6, "t");
  svg.line({-0.0001, 1.0 / 3}, {2.5, 1e7}, "red");
  EXPECT_NE(std::move(svg).finish().find("x1=\"0\" y1=\"0.33\" x2=\"2.5\" y2=\"10000000\""), std::string::npos);
}

}  // namespace
}  // namespace tritium
