// Products by tiles (kernels/ternary_tiles.h), which processors with AMX use, with tiles in plain loops: equal to the
// bit to the products by vectors, and within bounds of the reference.
#include "cpu/kernels/ternary_tiles.h"

#include <gtest/gtest.h>

#include "cpu/isa/portable.h"
#include "selftest/selftest.h"
#include "tests/cpu/emulated_tiles.h"
#include "tests/cpu/ternary_shapes.h"

namespace tritium {
namespace {

using cpu::EmulatedTiles;
using Shape = TernaryShape;

std::unique_ptr<Backend> by_tiles(int threads = 2) {
  return portable_with(cpu::tiled_kernels<EmulatedTiles, cpu::Portable>(), threads);
}

// How many steps of 64 columns tiles take.
int64_t steps_of(const Shape& s) {
  const int64_t before = EmulatedTiles::steps_taken;
  EXPECT_TRUE(ternary_product(by_tiles(), s).status.ok());
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
  for (const Shape& s : shapes) expect_equal_to_the_bit(ternary_product(by_tiles(), s), s.text());
}

// Longer than a strip of trits, which ends within a segment (group 0), and more tokens than a strip meets at once.
TEST(TernaryTiles, LongRowsAreTakenInStrips) {
  for (const Shape& s : {Shape{20, 33, 4352}, Shape{20, 33, 8500, 256, true}, Shape{150, 5, 4352, 64},
                         Shape{150, 5, 9000, 0, true}, Shape{129, 33, 4097}})
    expect_equal_to_the_bit(ternary_product(by_tiles(), s), s.text());
}

TEST(TernaryTiles, ExpertsWithFewAndWithManyRows) {
  for (const bool per_block : {false, true})
    expect_equal_to_the_bit(product_of_experts(by_tiles(3), 71, per_block), "experts");
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
