// A run that is cancelled at any moment, also in the middle of a step, and numbers that stop being finite.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_folder.h"
#include "tritium/training.hpp"

namespace tritium {
namespace {

TrainOptions run_in(const std::string& folder) {
  TrainOptions options;
  options.transformer = R"({"architecture": "llama", "dim": 128, "layers": 2, "heads": 2, "ffn": 256, "context": 64})";
  for (int i = 0; i < 200; ++i) options.text += "a mill stood by the river, ";
  options.backend = "cpu";
  options.threads = 1;
  options.steps = 10;
  options.context = 64;
  options.batch = 16;
  options.micro_batch = 8;
  options.log_every = 3;
  options.eval_every = 4;
  options.folder = folder;
  options.output = folder + ".gguf";
  return options;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Says no at the n-th question, and from then on.
std::function<bool()> until(int n) {
  return [n, asked = 0]() mutable { return ++asked < n; };
}

// Cancelled again and again, at whatever a question finds it doing, and gone on with: the same file in the end.
void expect_the_same_file(const std::function<void(TrainOptions&)>& change) {
  const TemporaryFolder folder;
  TrainOptions whole = run_in(folder.file("whole"));
  change(whole);
  const Result<TrainReport> uninterrupted = train(whole);
  ASSERT_TRUE(uninterrupted.ok()) << uninterrupted.message();
  TrainOptions parts = run_in(folder.file("parts"));
  change(parts);
  parts.resume = "auto";
  int cancelled = 0;
  for (int questions = 20;; questions += 25) {
    ASSERT_LT(questions, 20'000) << "it does not get on";
    const Result<TrainReport> report = train(parts, {.keep_going = until(questions)});
    if (report.ok() && report->stop == TrainStop::finished) break;
    ++cancelled;
    if (!report.ok()) {
      ASSERT_EQ(report.code(), StatusCode::cancelled) << report.message();
      continue;
    }
    ASSERT_EQ(report->stop, TrainStop::interrupted);
    if (report->step > 0) {
      ASSERT_FALSE(report->checkpoint.empty());
    }
  }
  EXPECT_GT(cancelled, 0);
  EXPECT_EQ(bytes_of(whole.output), bytes_of(parts.output));
  EXPECT_FALSE(bytes_of(whole.output).empty());
}

TEST(CancelledRun, EndsWithTheSameBytesWhenItWasGoneOnWith) {
  expect_the_same_file([](TrainOptions&) {});
}

TEST(CancelledRun, SoDoesOneThatUpdatesLayerByLayer) {
  expect_the_same_file([](TrainOptions& o) {
    o.update_by_layer = true;
    o.micro_batch = 0;
    o.clip = 0;
  });
}

TEST(CancelledRun, TheReferenceIsCancelledWithinAStep) {
  const TemporaryFolder folder;
  TrainOptions options = run_in(folder.file("run"));
  options.backend = "reference";
  const auto begin = std::chrono::steady_clock::now();
  const Result<TrainReport> report = train(options, {.keep_going = until(40)});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "the whole takes minutes";
  EXPECT_TRUE(report.code() == StatusCode::cancelled || (report.ok() && report->stop == TrainStop::interrupted));
}

TEST(NotFinite, ALossThatIsNoNumberNamesTheOperationAndNothingIsReportedOrExported) {
  const TemporaryFolder folder;
  for (const char* backend : {"cpu", "reference"}) {
    TrainOptions options = run_in(folder.file(backend));
    options.backend = backend;
    options.batch = 2;
    options.micro_batch = 0;
    options.context = 16;
    options.learning_rate = 1e30;
    options.log_every = 1;
    options.attention = options.feed_forward = options.head = WeightMode::full;
    options.int8_activations = false;
    const Result<TrainReport> report = train(options, {.progress = [](const TrainProgress& p) {
                                               EXPECT_TRUE(std::isfinite(p.train_loss));
                                               EXPECT_TRUE(!p.valid_loss || std::isfinite(*p.valid_loss));
                                               return true;
                                             }});
    ASSERT_EQ(report.code(), StatusCode::device_error) << report.message();
    EXPECT_NE(report.message().find(": the first is what "), std::string::npos) << report.message();
    EXPECT_NE(report.message().find(" in model/"), std::string::npos) << report.message();
    EXPECT_EQ(bytes_of(options.output), "");
  }
}

}  // namespace
}  // namespace tritium
