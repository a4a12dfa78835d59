// Products by tiles (kernels/ternary_tiles.h), which processors with AMX use, with tiles in plain loops: equal to the
// bit to the products by vectors, and within bounds of the reference.
#include "cpu/kernels/ternary_tiles.h"

#include <gtest/gtest.h>

#include "base/format_text.h"
#include "cpu/backend.h"
#include "cpu/isa/portable.h"
#include "selftest/selftest.h"
#include "tests/cpu/cpu_test.h"
#include "tests/cpu/emulated_tiles.h"

namespace tritium {
namespace {

using cases::CaseInputs;
using cpu::EmulatedTiles;

std::unique_ptr<Backend> by_vectors() {
  return std::make_unique<CpuBackend>(cpu::kPortableKernels, CpuOptions{.threads = 1});
}

std::unique_ptr<Backend> by_tiles(int threads = 2) {
  cpu::KernelSet kernels = cpu::kPortableKernels;
  kernels.ternary = cpu::tiled_kernels<EmulatedTiles, cpu::Portable>();
  return std::make_unique<CpuBackend>(kernels, CpuOptions{.threads = threads});
}

// Rows of activations, of the weight, columns; weight scales for `group` columns (0: one a row).
struct Shape {
  int64_t tokens, rows, cols, group = 0;
  bool per_block = false;  // activation scales for 256 columns each
  std::string text() const {
    return join(tokens, " tokens, ", rows, "x", cols, ", group ", group, per_block ? ", per block" : "");
  }
};

Outcome product(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected, const Shape& s) {
  return side_by_side(std::move(tested), std::move(expected), 7, [&](Ops& ops, CaseInputs& in) {
    const auto x = in.quantized(s.tokens, s.cols, s.per_block);
    const auto granularity = s.group ? ScaleGranularity::group : ScaleGranularity::row;
    ops(TernaryMatmul{.q = x.q,
                      .scales = x.scales,
                      .weight = in.ternary(1, s.rows, s.cols, granularity, s.group),
                      .expert_ids = {},
                      .y = in.zeros({s.tokens, s.rows})});
  });
}

// How many steps of 64 columns tiles take.
int64_t steps_of(const Shape& s) {
  const int64_t before = EmulatedTiles::steps_taken;
  EXPECT_TRUE(product(by_tiles(), by_vectors(), s).status.ok());
  return EmulatedTiles::steps_taken - before;
}

TEST(TernaryTiles, EveryCaseOfTheTableIsWithinBounds) {
  cases::BackendPair pair(by_tiles(), make_reference_backend());
  const OperationReport report = pair.run("ternary_matmul");
  EXPECT_GT(report.cases, 0);
  EXPECT_EQ(report.failure, "");
}

TEST(TernaryTiles, AreEqualToTheBitToVectors) {
  std::vector<Shape> shapes;
  for (int64_t tokens : {16, 17, 31, 32, 33, 47, 48, 49, 64, 70})  // every filling of a pair of panels
    for (int64_t group : {0, 64, 128, 256})
      for (bool per_block : {false, true}) shapes.push_back({tokens, 37, 517, group, per_block});
  for (int64_t rows : {1, 15, 16, 17, 31, 32, 33, 64, 97}) shapes.push_back({18, rows, 300, 64, true});
  for (int64_t cols : {1, 63, 64, 65, 255, 256, 1021}) shapes.push_back({20, 33, cols, 0, false});
  for (const Shape& s : shapes) {
    const Outcome outcome = product(by_tiles(), by_vectors(), s);
    EXPECT_TRUE(outcome.status.ok()) << s.text() << ": " << outcome.status.message();
    EXPECT_EQ(outcome.worst_error, 0.0) << s.text();
  }
}

// Longer than a strip of trits, which ends within a segment (group 0), and more tokens than a strip meets at once.
TEST(TernaryTiles, LongRowsAreTakenInStrips) {
  for (const Shape& s : {Shape{20, 33, 4352}, Shape{20, 33, 8500, 256, true}, Shape{150, 5, 4352, 64},
                         Shape{150, 5, 9000, 0, true}, Shape{129, 33, 4097}}) {
    const Outcome outcome = product(by_tiles(), by_vectors(), s);
    EXPECT_TRUE(outcome.status.ok()) << s.text() << ": " << outcome.status.message();
    EXPECT_EQ(outcome.worst_error, 0.0) << s.text();
  }
}

// Expert e has e rows.
TEST(TernaryTiles, ExpertsWithFewAndWithManyRows) {
  constexpr int64_t kExperts = 71, kRows = 35, kCols = 512;
  std::vector<int32_t> ids;
  for (int32_t expert = 0; expert < kExperts; ++expert) ids.insert(ids.end(), static_cast<size_t>(expert), expert);
  for (size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[i * 7919 % i]);
  const auto n = static_cast<int64_t>(ids.size());
  for (const bool per_block : {false, true}) {
    const Outcome outcome = side_by_side(by_tiles(3), by_vectors(), 3, [&](Ops& ops, CaseInputs& in) {
      const auto x = in.quantized(n, kCols, per_block);
      ops(TernaryMatmul{.q = x.q,
                        .scales = x.scales,
                        .weight = in.ternary(kExperts, kRows, kCols, ScaleGranularity::group, 128),
                        .expert_ids = in.ints({n, 1}, ids),
                        .y = in.zeros({n, kRows})});
    });
    EXPECT_TRUE(outcome.status.ok()) << outcome.status.message();
    EXPECT_EQ(outcome.worst_error, 0.0);
  }
}

TEST(TernaryTiles, TakeSixteenRowsAndMore) {
  EXPECT_EQ(steps_of({15, 32, 512}), 0);
  EXPECT_EQ(steps_of({16, 32, 512}), 512 / 64);
  EXPECT_EQ(steps_of({33, 64, 512}), 2 * 2 * 512 / 64);  // two pairs of panels, two blocks
}

TEST(TernaryTiles, LeaveSegmentsThatAreNoWholeStepsToVectors) {
  EXPECT_EQ(steps_of({16, 32, 512, 32}), 0);
  EXPECT_GT(steps_of({16, 32, 512, 64}), 0);
}

}  // namespace
}  // namespace tritium
