// Rungs replace families of kernels; a processor uses those whose needs it meets.
#include "cpu/rungs.h"

#include <gtest/gtest.h>

namespace tritium::cpu {
namespace {

std::vector<std::string_view> names_of(const std::vector<Rung>& rungs) {
  std::vector<std::string_view> names;
  for (const Rung& rung : rungs) names.push_back(rung.name);
  return names;
}

TEST(Rungs, TheLastOneRunsEverywhereAndHasEveryFamily) {
  const Rung& last = rungs().back();
  EXPECT_EQ(last.needs, 0u);
  const Families& f = last.families;
  EXPECT_TRUE(f.ternary && f.floats && f.attention && f.rows && f.gradients && f.updates);
}

TEST(Rungs, ARungThatNeedsMoreThanTheProcessorHasIsLeftOut) {
  const Rung table[] = {{"both", kAvx2 | kFma, {}}, {"one", kAvx2, {}}, {"none", 0, {}}};
  EXPECT_EQ(names_of(usable_rungs(table, kAvx2 | kAvx512f, "")), (std::vector<std::string_view>{"one", "none"}));
  EXPECT_EQ(names_of(usable_rungs(table, kAvx2 | kFma, "one")), (std::vector<std::string_view>{"one", "none"}));
  EXPECT_EQ(names_of(usable_rungs(table, kAvx2, "both")), (std::vector<std::string_view>{"one", "none"}));
}

TEST(Rungs, OneFamilyIsReplacedAndTheOthersStay) {
  const Rung& base = rungs().back();
  RowKernels other = *base.families.rows;
  other.add = [](const AddParams&, Range, const float*, const float*, float*) {};
  const Rung table[] = {{"other", 0, {.rows = &other}}, base};
  const KernelSet kernels = kernels_of(table);
  EXPECT_EQ(kernels.rows.add, other.add);
  EXPECT_EQ(kernels.ternary.ternary_matmul, base.families.ternary->ternary_matmul);
  EXPECT_EQ(kernels.updates.adamw_update, base.families.updates->adamw_update);
}

}  // namespace
}  // namespace tritium::cpu
