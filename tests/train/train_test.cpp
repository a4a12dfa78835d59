// tritium::train() as a program that embeds it calls it.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

TrainOptions small_run(int64_t steps) {
  TrainOptions options;
  options.transformer = R"({"architecture": "llama", "dim": 32, "layers": 1, "heads": 2, "ffn": 32, "context": 32})";
  for (int i = 0; i < 200; ++i) options.text += "a mill stood by the river, ";
  options.steps = steps;
  options.context = 16;
  options.batch = 4;
  options.log_every = 5;
  options.eval_every = 1000;
  return options;
}

TEST(Train, ReportsEveryIntervalAndWhatItEndedWith) {
  std::vector<int64_t> steps;
  const Result<TrainReport> report =
      train(small_run(20), {.progress = [&](const TrainProgress& p) { return steps.push_back(p.step), true; }});
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(steps, (std::vector<int64_t>{5, 10, 15, 20}));
  EXPECT_EQ(report->stop, TrainStop::finished);
  EXPECT_EQ(report->step, 20);
  EXPECT_LT(report->valid_loss, report->first_valid_loss);
  EXPECT_TRUE(report->output.empty());
}

// Operations and what is none ("host") are the whole time of the steps, and operations nearly all of it.
TEST(Train, AProfileExplainsTheTimeOfItsSteps) {
  TrainOptions options = small_run(30);
  options.transformer =
      R"({"architecture": "qwen3moe", "dim": 128, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 32, "ffn": 128, "experts": 4, "top_k": 2, "context": 64})";
  options.context = 64;
  options.batch = 8;
  options.log_every = 10;
  options.profile = true;
  options.backend = "cpu";
  const Result<TrainReport> report = train(options, {});
  ASSERT_TRUE(report.ok()) << report.message();
  double all = 0, host = 0;
  for (const ProfileEntry& entry : report->profile) {
    all += entry.seconds;
    if (entry.operation == "host") host += entry.seconds;
  }
  EXPECT_GT(host, 0.0);
  EXPECT_GE(all, report->seconds);
  EXPECT_LT(host, all);  // how much less: papers/cpu_kernels.md; sanitizers slow the host more than the kernels
}

TEST(Train, TritsThatArePackedForTheFirstTimeOrAgainAreNoFlips) {
  const TemporaryFolder folder;
  TrainOptions options = small_run(1);
  options.learning_rate = 1e-6;
  options.log_every = 1;
  options.folder = folder.file("run");
  double flipped = -1;
  const TrainCallbacks callbacks = {.progress = [&](const TrainProgress& p) {
    flipped = p.flipped_percent;
    return true;
  }};
  ASSERT_TRUE(train(options, callbacks).ok());
  EXPECT_GE(flipped, 0.0);
  EXPECT_LT(flipped, 1.0);
  options.steps = 2;
  options.resume = "auto";
  flipped = -1;
  ASSERT_TRUE(train(options, callbacks).ok());
  EXPECT_GE(flipped, 0.0);
  EXPECT_LT(flipped, 1.0);
}

TEST(Train, ACallbackEndsTheRun) {
  const Result<TrainReport> report =
      train(small_run(20), {.progress = [](const TrainProgress& p) { return p.step < 10; }});
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->stop, TrainStop::interrupted);
  EXPECT_EQ(report->step, 10);
}

TEST(Train, StoppedBetweenReportsItTellsTheLossOfTheStepsMade) {
  TrainOptions options = small_run(2000);
  options.log_every = 1000;
  options.learning_rate = 1e-6;
  int asked = 0;  // at least once a step
  const Result<TrainReport> report = train(options, {.keep_going = [&] { return asked++ < 500; }});
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_GT(report->step, 0);
  EXPECT_LT(report->step, 1000);
  ASSERT_TRUE(report->train_loss);
  EXPECT_NEAR(*report->train_loss, report->first_valid_loss, 1.0);
  EXPECT_GT(report->tokens_per_second, 0);
}

TEST(Train, ARunThatMakesNoStepHasNoTrainLoss) {
  const TemporaryFolder folder;
  TrainOptions options = small_run(5);
  options.folder = folder.file("run");
  ASSERT_TRUE(train(options).ok());
  options.resume = "auto";
  const Result<TrainReport> report = train(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report->step, 5);
  EXPECT_FALSE(report->train_loss);
}

TEST(Train, AnOutputThatCannotBeWrittenIsKnownBeforeTheFirstStep) {
  const TemporaryFolder folder;
  for (const std::string& output : {folder.file("no/such/model.gguf"), folder.path().string()}) {
    TrainOptions options = small_run(5);
    options.output = output;
    options.log_every = 1;
    int steps = 0;
    const Result<TrainReport> report = train(options, {.progress = [&](const TrainProgress&) { return ++steps > 0; }});
    EXPECT_EQ(report.code(), StatusCode::io_error) << report.message();
    EXPECT_EQ(steps, 0);
  }
}

TEST(Train, ABatchWhoseSizeWrapsIsRefused) {
  TrainOptions options = small_run(5);
  for (const int64_t batch : {int64_t{1} << 60, int64_t{1} << 40, INT64_MAX}) {
    options.batch = batch;
    const Result<TrainReport> report = train(options);
    EXPECT_EQ(report.code(), StatusCode::invalid_argument) << batch;
    EXPECT_NE(report.message().find(std::to_string(batch) + " of context 16"), std::string::npos) << report.message();
  }
}

TEST(Train, IntervalsAndLengthsBeyondReasonAreRefused) {
  TrainOptions options = small_run(5);
  for (int64_t TrainOptions::*field :
       {&TrainOptions::steps, &TrainOptions::eval_every, &TrainOptions::log_every, &TrainOptions::save_every}) {
    TrainOptions wrong = options;
    wrong.*field = INT64_MAX;
    const Result<TrainReport> report = train(wrong);
    EXPECT_EQ(report.code(), StatusCode::invalid_argument);
    EXPECT_NE(report.message().find(" is 9223372036854775807, must be at most"), std::string::npos) << report.message();
  }
  options.minutes = std::nan("");
  EXPECT_EQ(train(options).code(), StatusCode::invalid_argument);
  options.minutes = 1e300;
  options.epochs = 1e300;
  EXPECT_TRUE(train(options).ok());
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Train, AFolderWhoseCheckpointsAreAllDamagedIsLeftAsItIs) {
  const TemporaryFolder folder;
  TrainOptions options = small_run(5);
  options.folder = folder.file("run");
  ASSERT_TRUE(train(options).ok());
  const std::string log = text_of(folder.file("run/log.csv"));
  for (const char* name : {"run/step-00000005.ckpt", "run/best.ckpt"})
    std::filesystem::resize_file(folder.file(name), std::filesystem::file_size(folder.file(name)) - 1);
  options.resume = "auto";
  const Result<TrainReport> report = train(options);
  EXPECT_EQ(report.code(), StatusCode::corrupt_file);
  EXPECT_NE(report.message().find("none of its checkpoints can be read"), std::string::npos) << report.message();
  EXPECT_EQ(text_of(folder.file("run/log.csv")), log);
}

TEST(Train, ARunOfWhichTheBestCheckpointIsLeftGoesOnFromIt) {
  const TemporaryFolder folder;
  TrainOptions options = small_run(5);
  options.folder = folder.file("run");
  ASSERT_TRUE(train(options).ok());
  std::filesystem::remove(folder.file("run/step-00000005.ckpt"));
  options.steps = 10;
  options.resume = "auto";
  std::vector<int64_t> steps;
  const Result<TrainReport> report =
      train(options, {.progress = [&](const TrainProgress& p) { return steps.push_back(p.step), true; }});
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(steps, std::vector<int64_t>{10});
  EXPECT_EQ(text_of(folder.file("run/log.jsonl")).find("{\"step\":5,"), 0u);
}

TEST(Train, ThreadsBeyondReasonAreRefused) {
  TrainOptions options = small_run(5);
  options.threads = 100'000;
  const Result<TrainReport> report = train(options);
  EXPECT_EQ(report.code(), StatusCode::invalid_argument);
  EXPECT_NE(report.message().find("threads is 100000"), std::string::npos) << report.message();
}

TEST(Train, WhatIsWrongIsSaidAndNothingIsThrown) {
  TrainOptions options = small_run(5);
  options.data = {"nowhere.txt"};
  options.text.clear();
  const Result<TrainReport> report = train(options);
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.message().find("nowhere.txt"), std::string::npos) << report.message();
}

}  // namespace
}  // namespace tritium
