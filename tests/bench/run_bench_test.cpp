// The run of the rows: what it chooses, measures, and says when it is stopped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/environment.h"
#include "tritium/bench.hpp"

namespace tritium {
namespace {

constexpr const char* kQuick = "^product/2048x512/n=(1|32)$";

TEST(RunBench, NamesAreUnique) {
  const Result<std::vector<std::string>> names = bench_rows("");
  ASSERT_TRUE(names.ok()) << names.message();
  EXPECT_EQ(std::set(names->begin(), names->end()).size(), names->size());
}

TEST(RunBench, HasEveryKindOfRow) {
  for (const char* filter :
       {"^product/2560x6912/n=512$", "^product/6912x2560/n=8/memory$", "^experts/8 of 64/.*/skewed$",
        "^experts/8 of 256/.*/uniform$", "^head/q8_0", "^head/q4_k", "^head/q6_k", "^head/q4_0",
        "^attention/.*/keys=32768/n=1$", "^model/MoE-A/decode$", "^model/BitNet-2B/prompt=512$", "^model/OLMoE-7B-A1B/",
        "^model/Qwen3-30B-A3B, 8 of 48 layers/", "^model/Maple-20B-A1B/", "^train/dense", "^train/moe"})
    EXPECT_TRUE(bench_rows(filter).ok()) << filter;
}

TEST(RunBench, FilterChooses) {
  const Result<std::vector<std::string>> names = bench_rows(kQuick);
  ASSERT_TRUE(names.ok()) << names.message();
  EXPECT_EQ(*names, (std::vector<std::string>{"product/2048x512/n=1", "product/2048x512/n=32"}));
}

TEST(RunBench, FilterThatChoosesNothingIsAnError) {
  const Result<BenchReport> report = run_bench({.filter = "no such row"});
  EXPECT_EQ(report.code(), StatusCode::invalid_argument);
  EXPECT_NE(report.message().find("product, experts, head, attention, model, train"), std::string::npos)
      << report.message();
}

TEST(RunBench, FilterThatIsNoRegularExpressionIsAnError) {
  EXPECT_EQ(run_bench({.filter = "("}).code(), StatusCode::invalid_argument);
}

TEST(RunBench, OptionsOutOfRangeAreErrors) {
  EXPECT_EQ(run_bench({.filter = kQuick, .threads = {-1}}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(run_bench({.filter = kQuick, .threads = {1025}}).code(), StatusCode::invalid_argument);
  EXPECT_EQ(run_bench({.filter = kQuick, .rounds = 0}).code(), StatusCode::invalid_argument);
}

TEST(RunBench, MeasuresEachRowForEachNumberOfThreads) {
  std::vector<std::string> seen;
  const Result<BenchReport> report =
      run_bench({.filter = kQuick, .threads = {1, 2, 1}, .rounds = 1, .on_row = [&](const BenchRow& row) {
                   seen.push_back(row.name);
                 }});
  ASSERT_TRUE(report.ok()) << report.message();
  ASSERT_EQ(report->rows.size(), 4u);
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_FALSE(report->cancelled);
  EXPECT_TRUE(report->left_out.empty());
  for (const BenchRow& row : report->rows) {
    EXPECT_GT(row.gb_s.value_or(0), 0) << row.name;
    EXPECT_GT(row.gop_s.value_or(0), 0) << row.name;
    EXPECT_FALSE(row.tokens_s.has_value()) << row.name;
    EXPECT_GT(row.fraction_of_limit.value_or(0), 0) << row.name;
  }
  EXPECT_EQ(report->rows[0].threads, 1);
  EXPECT_EQ(report->rows[1].threads, 2);
  EXPECT_EQ(report->rows[2].n, 32);
}

TEST(RunBench, LimitsOfEachNumberOfThreadsAreReported) {
  const Result<BenchReport> report = run_bench({.filter = kQuick, .threads = {1, 2}, .rounds = 1});
  ASSERT_TRUE(report.ok()) << report.message();
  for (const char* name : {"read L1", "read L2", "read memory", "int8 dot", "float fma"})
    for (const int threads : {1, 2}) {
      int found = 0;
      for (const MachineLimit& l : report->limits)
        if (l.name == name && l.threads == threads) {
          ++found;
          EXPECT_GT(l.bytes > 0 ? l.gb_s : l.gop_s, 0) << name;
        }
      EXPECT_EQ(found, 1) << name << " of " << threads;
    }
  EXPECT_FALSE(report->machine.rung.empty());
  EXPECT_GE(report->machine.processors, 1);
}

TEST(RunBench, WhatWasMeasuredIsReportedWhenItIsStopped) {
  bool go_on = true;
  const BenchOptions options = {.filter = "^product/2048x512/n=1|^experts",
                                .threads = {1},
                                .rounds = 1,
                                .on_row = [&](const BenchRow&) { go_on = false; },
                                .keep_going = [&] { return go_on; }};
  const Result<BenchReport> report = run_bench(options);
  ASSERT_TRUE(report.ok()) << report.message();
  EXPECT_TRUE(report->cancelled);
  EXPECT_FALSE(report->rows.empty());
  EXPECT_LE(report->rows.size(), 6u);  // the rest of the family that was under way
}

TEST(RunBench, UnknownRungIsAnErrorThatListsThem) {
  set_environment("TRITIUM_CPU_RUNG", "mmx");
  const Result<BenchReport> report = run_bench({.filter = kQuick});
  set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  EXPECT_EQ(report.code(), StatusCode::invalid_argument);
  EXPECT_NE(report.message().find("\"mmx\""), std::string::npos) << report.message();
#if !defined(__aarch64__)
  EXPECT_NE(report.message().find("portable"), std::string::npos) << report.message();
#endif
}

}  // namespace
}  // namespace tritium
