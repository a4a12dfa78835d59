#include "train/data/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace tritium {
namespace {

// Token i has the value i: a window shows where it begins.
CorpusTokens counting_stream(int64_t n) {
  CorpusTokens stream;
  stream.tokens.resize(static_cast<size_t>(n));
  std::iota(stream.tokens.begin(), stream.tokens.end(), 0);
  stream.scored.assign(static_cast<size_t>(n), 1);
  return stream;
}

BatchPlan plan_of(const CorpusTokens& stream, int64_t sequence_length, int64_t n_sequences, uint64_t seed = 7) {
  return *BatchPlan::create(stream, sequence_length, n_sequences, seed);
}

// The first input of each sequence of the first `n_steps` steps.
std::vector<int64_t> starts_of(const BatchPlan& plan, int64_t n_steps) {
  std::vector<int64_t> starts;
  for (int64_t step = 0; step < n_steps; ++step) {
    const Batch batch = plan.batch(step);
    for (int64_t row = 0; row < batch.n_sequences; ++row)
      starts.push_back(batch.inputs[static_cast<size_t>(row * batch.sequence_length)]);
  }
  return starts;
}

TEST(BatchPlan, TargetsAreTheTokensAfterTheInputs) {
  const CorpusTokens stream = counting_stream(100);
  const Batch batch = plan_of(stream, 8, 3).batch(0);
  EXPECT_EQ(batch.n_sequences, 3);
  EXPECT_EQ(batch.sequence_length, 8);
  EXPECT_EQ(batch.n_scored, 24);
  ASSERT_EQ(batch.inputs.size(), 24u);
  ASSERT_EQ(batch.targets.size(), 24u);
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(batch.targets[i], batch.inputs[i] + 1);
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(batch.inputs[i], batch.inputs[i / 8 * 8] + static_cast<int32_t>(i % 8));
}

TEST(BatchPlan, EveryWindowIsVisitedOnceAnEpoch) {
  const CorpusTokens stream = counting_stream(10 * 50 + 1);  // the offset 0 gives one window more than the others
  const BatchPlan plan = plan_of(stream, 10, 1);
  const auto starts = starts_of(plan, 49);
  const std::set<int64_t> distinct(starts.begin(), starts.end());
  EXPECT_EQ(distinct.size(), 49u);
  for (int64_t start : starts) EXPECT_EQ(start % 10, starts[0] % 10);
  EXPECT_FALSE(std::is_sorted(starts.begin(), starts.end()));
}

TEST(BatchPlan, EpochsDifferInOffsetAndOrder) {
  const CorpusTokens stream = counting_stream(10 * 50 + 10);  // 50 windows at every offset
  const BatchPlan plan = plan_of(stream, 10, 5);
  ASSERT_EQ(plan.steps_per_epoch(), 10);
  std::set<int64_t> offsets;
  std::set<std::vector<int64_t>> orders;
  for (int64_t epoch = 0; epoch < 20; ++epoch) {
    std::vector<int64_t> order;
    for (int64_t step = 0; step < 10; ++step) {
      const Batch batch = plan.batch(epoch * 10 + step);
      for (size_t i = 0; i < 50; i += 10) {
        offsets.insert(batch.inputs[i] % 10);
        order.push_back(batch.inputs[i] / 10);
      }
    }
    EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 50u);
    orders.insert(order);
  }
  EXPECT_GT(offsets.size(), 4u);
  EXPECT_EQ(orders.size(), 20u);
}

TEST(BatchPlan, ABatchGoesOnWithTheNextEpoch) {
  const CorpusTokens stream = counting_stream(4 * 10 + 4);  // 10 windows an epoch
  const auto starts = starts_of(plan_of(stream, 4, 3), 10);
  for (size_t epoch = 0; epoch < 3; ++epoch) {
    std::set<int64_t> windows;
    for (size_t i = 0; i < 10; ++i) windows.insert(starts[epoch * 10 + i] / 4);
    EXPECT_EQ(windows.size(), 10u);
  }
}

TEST(BatchPlan, ABatchDependsOnSeedAndStepOnly) {
  const CorpusTokens stream = counting_stream(500);
  const BatchPlan forwards = plan_of(stream, 10, 7), backwards = plan_of(stream, 10, 7);
  std::map<int64_t, std::vector<int32_t>> expected;
  for (int64_t step = 0; step < 40; ++step) expected[step] = forwards.batch(step).inputs;
  for (int64_t step = 39; step >= 0; --step) EXPECT_EQ(backwards.batch(step).inputs, expected[step]) << step;
  EXPECT_NE(plan_of(stream, 10, 7, 8).batch(0).inputs, expected[0]);
}

TEST(BatchPlan, AnyBatchMayHoldSeveralEpochs) {
  const CorpusTokens stream = counting_stream(9);
  const auto starts = starts_of(plan_of(stream, 8, 5), 1);
  EXPECT_EQ(starts, std::vector<int64_t>(5, 0));
}

TEST(BatchPlan, WhatDoesNotCountIsNoTarget) {
  CorpusTokens stream = counting_stream(9);
  stream.scored = {1, 1, 0, 0, 1, 1, 0, 1, 0};
  const Batch batch = plan_of(stream, 8, 1).batch(0);
  EXPECT_EQ(batch.targets, (std::vector<int32_t>{1, -1, -1, 4, 5, -1, 7, -1}));
  EXPECT_EQ(batch.n_scored, 4);
}

TEST(BatchPlan, WindowsInWhichNothingCountsAreLeftOut) {
  CorpusTokens stream = counting_stream(200);
  std::fill(stream.scored.begin(), stream.scored.end(), uint8_t{0});
  stream.scored[57] = stream.scored[150] = 1;
  const BatchPlan plan = plan_of(stream, 10, 2);
  EXPECT_EQ(plan.steps_per_epoch(), 1);
  for (int64_t step = 0; step < 20; ++step) EXPECT_EQ(plan.batch(step).n_scored, 2) << step;
}

TEST(BatchPlan, OffsetsWithoutAWindowThatCountsAreLeftOut) {
  CorpusTokens stream = counting_stream(40);
  std::fill(stream.scored.begin(), stream.scored.end(), uint8_t{0});
  stream.scored[1] = 1;  // a target at the offset 0 only
  const BatchPlan plan = plan_of(stream, 10, 1);
  EXPECT_EQ(starts_of(plan, 5), std::vector<int64_t>(5, 0));
}

TEST(BatchPlan, AStreamThatIsTooShortIsAnErrorWithItsNumbers) {
  const CorpusTokens stream = counting_stream(8);
  const auto plan = BatchPlan::create(stream, 8, 1, 0);
  EXPECT_EQ(plan.code(), StatusCode::invalid_argument);
  EXPECT_EQ(plan.message(),
            "the text has 8 tokens, sequences of 8 need at least 8 + 1; give more text or shorter sequences");
}

TEST(BatchPlan, AStreamWithoutTargetsIsAnError) {
  CorpusTokens stream = counting_stream(20);
  std::fill(stream.scored.begin() + 1, stream.scored.end(), uint8_t{0});
  EXPECT_EQ(BatchPlan::create(stream, 8, 1, 0).code(), StatusCode::invalid_argument);
}

TEST(BatchPlan, SizesBelowOneAreErrors) {
  const CorpusTokens stream = counting_stream(20);
  EXPECT_EQ(BatchPlan::create(stream, 0, 1, 0).code(), StatusCode::invalid_argument);
  EXPECT_EQ(BatchPlan::create(stream, 1, 0, 0).code(), StatusCode::invalid_argument);
}

TEST(EvaluationBatches, EachTokenThatCountsIsATargetOnce) {
  for (int64_t n : {2, 8, 9, 10, 16, 17, 18, 100}) {
    CorpusTokens stream = counting_stream(n);
    for (size_t i = 3; i < stream.scored.size(); i += 3) stream.scored[i] = 0;
    for (size_t i = 30; i < std::min<size_t>(70, stream.scored.size()); ++i) stream.scored[i] = 0;
    std::multiset<int32_t> expected, targets;
    for (size_t i = 1; i < stream.scored.size(); ++i)
      if (stream.scored[i]) expected.insert(stream.tokens[i]);
    int64_t n_scored = 0;
    for (const Batch& batch : evaluation_batches(stream, 8, 3)) {
      n_scored += batch.n_scored;
      for (size_t i = 0; i < batch.targets.size(); ++i) {
        if (batch.targets[i] < 0) continue;
        targets.insert(batch.targets[i]);
        EXPECT_EQ(batch.inputs[i] + 1, batch.targets[i]);
      }
    }
    EXPECT_EQ(targets, expected) << n;
    EXPECT_EQ(n_scored, static_cast<int64_t>(expected.size())) << n;
  }
}

TEST(BatchPlan, ABatchWhoseSizeWrapsIsRefused) {
  const CorpusTokens stream = counting_stream(20);
  const auto plan = BatchPlan::create(stream, 8, int64_t{1} << 61, 1);
  EXPECT_EQ(plan.code(), StatusCode::invalid_argument);
  EXPECT_NE(plan.message().find("larger than any memory"), std::string::npos) << plan.message();
}

TEST(EvaluationBatches, TheEndIsFilledUp) {
  const auto batches = evaluation_batches(counting_stream(6), 4, 2);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].inputs, (std::vector<int32_t>{0, 1, 2, 3, 4, 0, 0, 0}));
  EXPECT_EQ(batches[0].targets, (std::vector<int32_t>{1, 2, 3, 4, 5, -1, -1, -1}));
  EXPECT_EQ(batches[0].n_scored, 5);
}

TEST(EvaluationBatches, AStreamWithoutTargetsHasNone) {
  EXPECT_TRUE(evaluation_batches(counting_stream(1), 4, 2).empty());
  EXPECT_TRUE(evaluation_batches({}, 4, 2).empty());
}

}  // namespace
}  // namespace tritium
