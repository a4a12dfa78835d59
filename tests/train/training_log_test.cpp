#include "train/report/training_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

LogRecord full_record(int64_t step) {
  return {.step = step,
          .train_loss = 2.5,
          .valid_loss = 2.75,
          .bits_per_byte = 0.1,
          .learning_rate = 3e-4,
          .gradient_norm = 1,
          .tokens_per_second = 12345.5,
          .seconds = 60,
          .flipped_percent = 0.25,
          .router_entropy = 0.875,
          .expert_load = {0.25f, 0.75f, 0.1f, 0.9f},
          .n_experts = 2};
}

LogRecord plain_record(int64_t step) { return {.step = step, .train_loss = 2.5}; }

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void append_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

std::vector<int64_t> steps_of(const TrainingLog& log) {
  std::vector<int64_t> steps;
  for (const LogRecord& record : log.records()) steps.push_back(record.step);
  return steps;
}

// A log of these steps in `folder`.
void write_log(const std::string& folder, const std::vector<int64_t>& steps) {
  auto log = TrainingLog::open(folder, -1);
  ASSERT_TRUE(log.ok()) << log.message();
  for (int64_t step : steps) ASSERT_TRUE(log->append(full_record(step)).ok());
}

TEST(LogRecord, ACsvRowHasTheColumnsOfTheHeader) {
  EXPECT_EQ(csv_header(),
            "step,train_loss,valid_loss,bits_per_byte,learning_rate,tokens_per_second,gradient_norm,flipped_percent,"
            "router_entropy,seconds,n_experts,expert_load");
  EXPECT_EQ(csv_row(full_record(7)), "7,2.5,2.75,0.1,3e-04,12345.5,1,0.25,0.875,60,2,0.25 0.75 0.1 0.9");
}

TEST(LogRecord, AbsentValuesAreEmptyFields) { EXPECT_EQ(csv_row(plain_record(7)), "7,2.5,,,0,0,0,0,,0,0,"); }

TEST(LogRecord, AJsonRowNamesItsValues) {
  EXPECT_EQ(json_row(full_record(7)),
            "{\"step\":7,\"train_loss\":2.5,\"valid_loss\":2.75,\"bits_per_byte\":0.1,\"learning_rate\":3e-04,"
            "\"tokens_per_second\":12345.5,\"gradient_norm\":1,\"flipped_percent\":0.25,\"router_entropy\":0.875,"
            "\"seconds\":60,\"n_experts\":2,\"expert_load\":[0.25,0.75,0.1,0.9]}");
}

TEST(LogRecord, WhatJsonCannotWriteIsNull) {
  LogRecord record = plain_record(7);
  record.train_loss = kNan;
  record.gradient_norm = kInfinity;
  record.valid_loss = -kInfinity;
  record.expert_load = {std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(json_row(record),
            "{\"step\":7,\"train_loss\":null,\"valid_loss\":null,\"bits_per_byte\":null,\"learning_rate\":0,"
            "\"tokens_per_second\":0,\"gradient_norm\":null,\"flipped_percent\":0,\"router_entropy\":null,"
            "\"seconds\":0,\"n_experts\":0,\"expert_load\":[null]}");
  EXPECT_EQ(csv_row(record), "7,nan,-inf,,0,0,inf,0,,0,0,nan");
}

TEST(LogRecord, AJsonRowReadsBackAsItWas) {
  LogRecord record = full_record(7);
  record.train_loss = 1.0 / 3;
  record.seconds = 1e300;
  record.router_entropy.reset();
  const auto back = parse_json_row(json_row(record));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(csv_row(*back), csv_row(record));
  EXPECT_EQ(back->train_loss, record.train_loss);
}

TEST(LogRecord, ALossThatWasNoNumberReadsBackAsNone) {
  LogRecord record = plain_record(7);
  record.train_loss = kInfinity;
  EXPECT_TRUE(std::isnan(parse_json_row(json_row(record))->train_loss));
}

TEST(LogRecord, OtherTextIsNoRow) {
  for (const char* text : {"", "{", "[]", "{}", "{\"step\":1.5}", "{\"step\":1,\"n_experts\":0,\"expert_load\":[]}"})
    EXPECT_EQ(parse_json_row(text).code(), StatusCode::corrupt_file) << text;
}

TEST(TrainingLog, WritesARowOfEachKind) {
  const TemporaryFolder folder;
  const std::string run = folder.file("runs/first");
  write_log(run, {1, 2});
  EXPECT_EQ(text_of(run + "/log.csv"),
            csv_header() + "\n" + csv_row(full_record(1)) + "\n" + csv_row(full_record(2)) + "\n");
  EXPECT_EQ(text_of(run + "/log.jsonl"), json_row(full_record(1)) + "\n" + json_row(full_record(2)) + "\n");
}

TEST(TrainingLog, ResumingRemovesTheStepsAfterIt) {
  const TemporaryFolder folder;
  const std::string run = folder.path().string();
  write_log(run, {10, 20, 30});
  auto log = TrainingLog::open(run, 20);
  ASSERT_TRUE(log.ok()) << log.message();
  EXPECT_EQ(steps_of(*log), (std::vector<int64_t>{10, 20}));
  ASSERT_TRUE(log->append(plain_record(25)).ok());
  EXPECT_EQ(steps_of(*log), (std::vector<int64_t>{10, 20, 25}));
  EXPECT_EQ(text_of(run + "/log.csv"), csv_header() + "\n" + csv_row(full_record(10)) + "\n" +
                                           csv_row(full_record(20)) + "\n" + csv_row(plain_record(25)) + "\n");
  EXPECT_EQ(text_of(run + "/log.jsonl"),
            json_row(full_record(10)) + "\n" + json_row(full_record(20)) + "\n" + json_row(plain_record(25)) + "\n");
}

TEST(TrainingLog, ResumingRemovesWhatIsHalfWritten) {
  const TemporaryFolder folder;
  const std::string run = folder.path().string();
  write_log(run, {10});
  const std::string csv = text_of(run + "/log.csv"), json = text_of(run + "/log.jsonl");
  append_text(run + "/log.csv", csv_row(full_record(11)));  // all but its line end: its last number may lack digits
  append_text(run + "/log.jsonl", "{\"step\":11,\"tr");
  ASSERT_TRUE(TrainingLog::open(run, 100).ok());
  EXPECT_EQ(text_of(run + "/log.csv"), csv);
  EXPECT_EQ(text_of(run + "/log.jsonl"), json);
}

TEST(TrainingLog, ResumingRemovesLinesThatAreNoRows) {
  const TemporaryFolder folder;
  const std::string run = folder.path().string();
  write_log(run, {10});
  const std::string csv = text_of(run + "/log.csv"), json = text_of(run + "/log.jsonl");
  append_text(run + "/log.csv", "11,2\n\n");
  append_text(run + "/log.jsonl", "{}\n\n");
  ASSERT_TRUE(TrainingLog::open(run, 100).ok());
  EXPECT_EQ(text_of(run + "/log.csv"), csv);
  EXPECT_EQ(text_of(run + "/log.jsonl"), json);
}

TEST(TrainingLog, ANewRunBeginsANewLog) {
  const TemporaryFolder folder;
  const std::string run = folder.path().string();
  write_log(run, {0, 10});
  const auto log = TrainingLog::open(run, -1);
  ASSERT_TRUE(log.ok()) << log.message();
  EXPECT_TRUE(log->records().empty());
  EXPECT_EQ(text_of(run + "/log.csv"), csv_header() + "\n");
  EXPECT_EQ(text_of(run + "/log.jsonl"), "");
}

TEST(TrainingLog, AFolderThatCannotBeMadeIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  append_text(folder.file("a"), "a file");
  const auto log = TrainingLog::open(folder.file("a"), -1);
  EXPECT_EQ(log.code(), StatusCode::io_error);
  EXPECT_NE(log.message().find(folder.file("a")), std::string::npos) << log.message();
}

TEST(TrainingLog, WhatIsNoFileIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/dev/full", folder.file("log.jsonl"));
  const auto log = TrainingLog::open(folder.path().string(), -1);
  EXPECT_EQ(log.message(), folder.file("log.jsonl") + ": not a regular file");
}

TEST(TrainingLog, AFullDiskIsAnError) {
  const TemporaryFolder folder;
  auto log = TrainingLog::open(folder.path().string(), -1);
  ASSERT_TRUE(log.ok()) << log.message();
  // No file may grow: the closest to a full disk that needs no rights.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{1, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const Status status = log->append(full_record(1));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::io_error);
  EXPECT_EQ(status.message(), folder.file("log.csv") + ": cannot write: File too large");
  EXPECT_TRUE(log->records().empty());
}

}  // namespace
}  // namespace tritium
