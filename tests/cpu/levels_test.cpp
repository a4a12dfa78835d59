// Every operation at every instruction level this machine has, on 1, 2 and 3 threads, against the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/environment.h"
#include "cpu/rungs.h"
#include "selftest/selftest.h"
#include "tests/cpu/cpu_test.h"
#include "tests/cpu/large_cases.h"

namespace tritium {
namespace {

class SimdLevels : public testing::TestWithParam<std::string> {};

TEST_P(SimdLevels, SelftestTableWithinBounds) {
  cases::BackendPair pair(cpu_backend(GetParam(), 2), make_reference_backend());
  for (std::string_view op : AllOps::kNames) {
    const OperationReport report = pair.run(op);
    EXPECT_GT(report.cases, 0) << op;
    EXPECT_EQ(report.failure, "") << op;
  }
}

TEST_P(SimdLevels, LargeCallsWithinBounds) {
  uint64_t seed = 1;
  for (const LargeCase& c : large_cases()) {
    const Outcome outcome = side_by_side(cpu_backend(GetParam(), 2), make_reference_backend(), seed++, c.run);
    EXPECT_GT(outcome.n_compared, 0) << c.name;
    EXPECT_TRUE(outcome.status.ok()) << c.name << ": " << outcome.status.message();
  }
}

TEST_P(SimdLevels, ResultsDoNotDependOnTheNumberOfThreads) {
  uint64_t seed = 1;
  for (const LargeCase& c : large_cases()) {
    for (int threads : {2, 3}) {
      const Outcome outcome = side_by_side(cpu_backend(GetParam(), threads), cpu_backend(GetParam(), 1), seed, c.run);
      EXPECT_TRUE(outcome.status.ok()) << c.name << ": " << outcome.status.message();
      EXPECT_EQ(outcome.worst_error, 0.0) << c.name << " on " << threads << " threads";
    }
    ++seed;
  }
}

TEST_P(SimdLevels, TernaryProductsAreThoseOfTheLastRungToTheBit) {
  const std::string last = simd_levels().back();
  int n_compared = 0;
  for (const LargeCase& c : large_cases()) {
    if (!c.name.starts_with("ternary_matmul ")) continue;
    const Outcome outcome = side_by_side(cpu_backend(GetParam(), 2), cpu_backend(last, 1), 5, c.run);
    EXPECT_TRUE(outcome.status.ok()) << c.name << ": " << outcome.status.message();
    EXPECT_EQ(outcome.worst_error, 0.0) << c.name;
    n_compared += outcome.n_compared;
  }
  EXPECT_GT(n_compared, 0);
}

// A token computed alone and the same token in a batch: sessions must not depend on how their prompt was cut.
TEST_P(SimdLevels, DenseProductOfATokenDoesNotDependOnItsBatch) {
  const std::unique_ptr<Backend> backend = cpu_backend(GetParam(), 2);
  Ops ops(*backend);
  cases::CaseInputs in(ops, 7);
  const Weight weight = in.dense(1, 61, 203, DType::f16);
  const Tensor x = in.random({9, 203});
  const Tensor batch = in.zeros({9, 61});
  const Tensor alone = in.zeros({1, 61});
  ops(DenseMatmul{.x = x, .weight = weight, .expert_ids = {}, .y = batch});
  ops(DenseMatmul{.x = x.view({1, 203}), .weight = weight, .expert_ids = {}, .y = alone});
  std::vector<float> first(61), expected(61);
  ops.download(alone, std::as_writable_bytes(std::span(first)));
  ops.download(batch, std::as_writable_bytes(std::span(expected)));
  ASSERT_TRUE(ops.finish().ok());
  EXPECT_EQ(first, expected);
}

TEST_P(SimdLevels, QuantisationOfInfinityAndNanIsTheReferences) {
  std::vector<float> x(300, 1.0f);
  x[3] = INFINITY;
  x[7] = -INFINITY;
  x[150] = NAN;
  x[299] = -3e38f;
  const Outcome outcome =
      side_by_side(cpu_backend(GetParam(), 1), make_reference_backend(), 1, [&](Ops& ops, cases::CaseInputs& in) {
        for (int removed : {3, 7, 150}) {
          ops(QuantizeActivations{
              .x = in.floats({1, 300}, x), .q = in.zeros({1, 512}, DType::i8), .scales = in.zeros({1, 2})});
          x[static_cast<size_t>(removed)] = 0.5f;
        }
      });
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.message();
  EXPECT_EQ(outcome.worst_error, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Levels, SimdLevels, testing::ValuesIn(simd_levels()), [](const auto& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
});

TEST(CpuBackend, NamesItselfAndItsLevel) {
  EXPECT_EQ(make_cpu_backend({.threads = 1})->name(), "cpu");
  EXPECT_EQ(simd_level(), simd_levels().front());
  EXPECT_EQ(describe_cpu().driver, simd_level());
}

TEST(CpuBackend, IsDescribedWithEveryRungThatRunsHere) {
  std::string rungs = "rungs:";
  for (const std::string& level : simd_levels()) rungs += " " + level;
  const std::vector<std::string> features = describe_cpu().features;
  EXPECT_TRUE(std::ranges::find(features, rungs) != features.end()) << rungs;
}

TEST(CpuBackend, TheRungOfTheEnvironmentIsTaken) {
  const std::string last = simd_levels().back();
  set_environment("TRITIUM_CPU_RUNG", last);
  set_environment("TRITIUM_SIMD", simd_levels().front());  // the older name counts less
  EXPECT_EQ(simd_level(), last);
  EXPECT_TRUE(check_cpu_rung().ok());
  set_environment("TRITIUM_SIMD", std::nullopt);
  set_environment("TRITIUM_CPU_RUNG", "mmx");
  const Status status = check_cpu_rung();
  EXPECT_EQ(status.code(), StatusCode::invalid_argument);
  EXPECT_NE(status.message().find(last), std::string::npos) << status.message();
  set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  EXPECT_TRUE(check_cpu_rung().ok());
}

TEST(CpuBackend, ARungThatThisProcessorCannotRunIsRefusedAndNotTaken) {
  for (const cpu::Rung& rung : cpu::rungs()) {
    if (rung.runs_here()) continue;
    const std::string name(rung.name);
    set_environment("TRITIUM_CPU_RUNG", name);
    const Status status = check_cpu_rung();
    EXPECT_EQ(status.code(), StatusCode::invalid_argument) << name;
    EXPECT_TRUE(status.message().starts_with("the rung \"" + name + "\" ")) << status.message();
    EXPECT_NE(status.message().find("needs instructions that this processor does not have"), std::string::npos)
        << status.message();
    EXPECT_EQ(simd_level(), simd_levels().front());
    set_environment("TRITIUM_CPU_RUNG", std::nullopt);
  }
}

TEST(CpuBackend, UnknownLevelInTheEnvironmentMeansTheBest) {
  set_environment("TRITIUM_SIMD", "mmx");
  EXPECT_EQ(simd_level(), simd_levels().front());
  set_environment("TRITIUM_SIMD", std::nullopt);
}

// And the two of attention in splits, which are in the programs of GPUs alone.
TEST(CpuBackend, OnlyWhatIsTooSmallToShareRunsOnTheReferencesLoops) {
  EXPECT_TRUE(
      std::ranges::equal(reference_operations(),
                         std::array<std::string_view, 10>{"absmean", "attention_step", "balance_bias", "expert_load",
                                                          "group_rows", "merge_splits", "next_token", "previous_rows",
                                                          "previous_rows_backward", "top_candidates"}));
}

}  // namespace
}  // namespace tritium
