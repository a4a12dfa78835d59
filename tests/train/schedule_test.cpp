#include "train/optimizers/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

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

// The published warm-down: what remains of the steps, over how many it falls (3000 of 20000 there).
TEST(Schedule, WsdFallsByStepsAsTheWarmDownOfParameterGolf) {
  TrainOptions o;
  o.warmup = 0, o.cooldown = 0.15;
  for (int64_t step = 1; step <= 20000; ++step) {
    const auto remaining = static_cast<double>(20000 - (step - 1));
    ASSERT_DOUBLE_EQ(learning_rate_factor(o, step, 20000), std::clamp(remaining / 3000, 0.0, 1.0)) << step;
  }
}

TEST(Schedule, WhatFallsEndsAtTheMinimum) {
  for (Schedule schedule : {Schedule::linear, Schedule::cosine, Schedule::wsd}) {
    TrainOptions o = options_with(schedule);
    o.min_rate = 0.1;
    EXPECT_NEAR(learning_rate_factor(o, 10, 100), 1.0, 1e-12);
    EXPECT_NEAR(learning_rate_factor(o, 100, 100), 0.1, 0.025);
    EXPECT_NEAR(learning_rate_factor(o, 100000, 100000), 0.1, 1e-4);
    EXPECT_DOUBLE_EQ(learning_rate_factor(o, 1, 100), 0.1) << "the warm-up begins below it";
  }
  TrainOptions constant = options_with(Schedule::constant);
  constant.min_rate = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate_factor(constant, 100, 100), 1.0);
}

TEST(Momentum, GoesLinearlyFromItsStartByStepsAndThenStays) {
  TrainOptions o;
  o.momentum = 0.99, o.momentum_from = 0.92;
  EXPECT_EQ(momentum_of(o, 1), 0.99) << "without a warm-up";
  o.momentum_warmup = 1500;
  EXPECT_DOUBLE_EQ(momentum_of(o, 1), 0.92);
  EXPECT_DOUBLE_EQ(momentum_of(o, 751), 0.955);
  EXPECT_DOUBLE_EQ(momentum_of(o, 1501), 0.99);
  EXPECT_DOUBLE_EQ(momentum_of(o, 100000), 0.99);
}

TEST(WeightDecay, IsAllOfItUntilItsPartOfTheStepsIsOver) {
  TrainOptions o;
  EXPECT_EQ(weight_decay_factor(o, 100, 100), 1.0);
  o.decay_until = 0.5;
  EXPECT_EQ(weight_decay_factor(o, 1, 100), 1.0);
  EXPECT_EQ(weight_decay_factor(o, 50, 100), 1.0);
  EXPECT_EQ(weight_decay_factor(o, 51, 100), 0.0);
  o.decay_until = 0.0;
  EXPECT_EQ(weight_decay_factor(o, 1, 100), 0.0);
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

}  // namespace
}  // namespace tritium::training
