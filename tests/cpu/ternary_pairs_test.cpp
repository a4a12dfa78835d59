// Products of pairs of rows and pairs of tokens (kernels/ternary_pairs.h), which processors with NEON's i8mm use, with
// their instructions in plain loops: equal to the bit to the products by vectors, and within bounds of the reference.
#include "cpu/kernels/ternary_pairs.h"

#include <gtest/gtest.h>

#include "cpu/kernels/ternary_matmul.h"
#include "selftest/selftest.h"
#include "tests/cpu/emulated_pairs.h"
#include "tests/cpu/ternary_shapes.h"

namespace tritium {
namespace {

using cpu::EmulatedPairs;
using Shape = TernaryShape;

std::unique_ptr<Backend> by_pairs(int threads = 2) {
  return portable_with(cpu::paired_kernels<EmulatedPairs, cpu::EmulatedDots>(), threads);
}

// How many pairs of rows met pairs of tokens in 8 columns.
int64_t products_of(const Shape& s) {
  const int64_t before = EmulatedPairs::products_taken;
  EXPECT_TRUE(ternary_product(by_pairs(), s).status.ok());
  return EmulatedPairs::products_taken - before;
}

TEST(TernaryPairs, EveryCaseOfTheTableIsWithinBounds) {
  cases::BackendPair pair(by_pairs(), make_reference_backend());
  const OperationReport report = pair.run("ternary_matmul");
  EXPECT_GT(report.cases, 0);
  EXPECT_EQ(report.failure, "");
}

TEST(TernaryPairs, AreEqualToTheBitToVectors) {
  std::vector<Shape> shapes;
  for (int64_t tokens = 1; tokens <= 18; ++tokens)  // every width of a panel, and one token and two behind it
    for (int64_t group : {0, 32, 64, 256})
      for (bool per_block : {false, true}) shapes.push_back({tokens, 37, 517, group, per_block});
  for (int64_t rows : {1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 97}) shapes.push_back({9, rows, 300, 64, true});
  for (int64_t cols : {1, 15, 16, 17, 31, 32, 33, 255, 256, 1021}) shapes.push_back({7, 33, cols, 0, false});
  for (const Shape& s : shapes) expect_equal_to_the_bit(ternary_product(by_pairs(), s), s.text());
}

TEST(TernaryPairs, ExpertsWithFewAndWithManyRows) {
  for (const bool per_block : {false, true})
    expect_equal_to_the_bit(product_of_experts(by_pairs(3), 35, per_block), "experts");
}

TEST(TernaryPairs, TakeTwoTokensAndMore) {
  EXPECT_EQ(products_of({1, 32, 512}), 0);
  EXPECT_EQ(products_of({2, 32, 512}), 32 / 2 * 512 / 8);
  EXPECT_EQ(products_of({17, 32, 512}), 9 * 32 / 2 * 512 / 8);  // the last token is paired with none
}

TEST(TernaryPairs, LeaveSegmentsOfAnOddNumberOfChunksToDotProducts) {
  for (int64_t group : {16, 48}) {
    const Shape s = {9, 33, 768, group};
    EXPECT_EQ(products_of(s), 0) << group;
    expect_equal_to_the_bit(ternary_product(by_pairs(), s), s.text());
  }
  EXPECT_GT(products_of({9, 33, 768, 32}), 0);
}

}  // namespace
}  // namespace tritium
