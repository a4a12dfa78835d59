#include <gtest/gtest.h>

#include "train/optimizers/schedule.h"

namespace tritium::training {
namespace {

TrainOptions options_with(Schedule schedule) {
  TrainOptions o;
  o.schedule = schedule;
  o.warmup = 0.1;
  o.cooldown = 0.4;
  return o;
}

TEST(Schedule, EveryScheduleWarmsUpLinearly) {
  for (Schedule schedule : {Schedule::constant, Schedule::linear, Schedule::cosine, Schedule::wsd}) {
    const TrainOptions o = options_with(schedule);
    EXPECT_DOUBLE_EQ(learning_rate_factor(o, 1, 100), 0.1);
    EXPECT_DOUBLE_EQ(learning_rate_factor(o, 5, 100), 0.5);
    EXPECT_NEAR(learning_rate_factor(o, 10, 100), 1.0, 1e-12);
  }
}

TEST(Schedule, ConstantStays) {
  EXPECT_DOUBLE_EQ(learning_rate_factor(options_with(Schedule::constant), 100, 100), 1.0);
}

TEST(Schedule, LinearAndCosineAreHalfWayDownInTheMiddle) {
  EXPECT_NEAR(learning_rate_factor(options_with(Schedule::linear), 55, 100), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate_factor(options_with(Schedule::cosine), 55, 100), 0.5, 1e-12);
  EXPECT_NEAR(learning_rate_factor(options_with(Schedule::cosine), 100, 100), 0.0, 1e-12);
}

TEST(Schedule, WsdIsStableAndThenFallsOverItsLastPart) {
  const TrainOptions o = options_with(Schedule::wsd);
  EXPECT_DOUBLE_EQ(learning_rate_factor(o, 60, 100), 1.0);
  EXPECT_NEAR(learning_rate_factor(o, 81, 100), 0.5, 1e-12);
  EXPECT_GT(learning_rate_factor(o, 100, 100), 0.0);
  EXPECT_LT(learning_rate_factor(o, 100, 100), 0.05);
}

TEST(Schedule, FactorsLieBetweenZeroAndOneEvenBeyondTheEnd) {
  for (Schedule schedule : {Schedule::constant, Schedule::linear, Schedule::cosine, Schedule::wsd})
    for (int64_t step = 1; step < 130; ++step) {
      const double factor = learning_rate_factor(options_with(schedule), step, 100);
      EXPECT_GE(factor, 0.0);
      EXPECT_LE(factor, 1.0);
    }
}

TEST(Hardening, GoesFromZeroToOneOverItsPartOfTheSteps) {
  TrainOptions o;
  EXPECT_EQ(hardening(o, 0, 100), 1.0) << "without a warm start weights are ternary at once";
  o.warm_start = 0.2;
  EXPECT_EQ(hardening(o, 0, 100), 0.0);
  EXPECT_DOUBLE_EQ(hardening(o, 10, 100), 0.5);
  EXPECT_EQ(hardening(o, 20, 100), 1.0);
  EXPECT_EQ(hardening(o, 90, 100), 1.0);
}

TEST(Hardening, BeginsWhenWeightsAreToBeQuantised) {
  TrainOptions o;
  o.quantize_from = 0.3;
  EXPECT_EQ(hardening(o, 0, 100), 0.0);
  EXPECT_EQ(hardening(o, 29, 100), 0.0) << "step 30 is computed in full precision";
  EXPECT_EQ(hardening(o, 30, 100), 1.0);
  o.warm_start = 0.2;
  EXPECT_EQ(hardening(o, 30, 100), 0.0);
  EXPECT_DOUBLE_EQ(hardening(o, 40, 100), 0.5);
  EXPECT_EQ(hardening(o, 50, 100), 1.0);
}

}  // namespace
}  // namespace tritium::training
