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

bool yes() { return true; }
bool no() { return false; }

TEST(Rungs, TheLastOneRunsEverywhereAndHasEveryFamily) {
  const Rung& last = rungs().back();
  EXPECT_TRUE(last.runs_here());
  const Families& f = last.families;
  EXPECT_TRUE(f.ternary && f.floats && f.attention && f.rows && f.gradients && f.updates);
}

TEST(Rungs, ARungThatNeedsMoreThanTheProcessorHasIsLeftOut) {
  const Rung table[] = {{"best", no, {}}, {"good", yes, {}}, {"plain", yes, {}}};
  EXPECT_EQ(names_of(usable_rungs(table, "")), (std::vector<std::string_view>{"good", "plain"}));
  EXPECT_EQ(names_of(usable_rungs(table, "plain")), (std::vector<std::string_view>{"plain"}));
  EXPECT_EQ(names_of(usable_rungs(table, "best")), (std::vector<std::string_view>{"good", "plain"}));
}

TEST(Rungs, OneFamilyIsReplacedAndTheOthersStay) {
  const Rung& base = rungs().back();
  RowKernels other = *base.families.rows;
  other.add = [](const AddParams&, Range, const float*, const float*, float*) {};
  const Rung table[] = {{"other", yes, {.rows = &other}}, base};
  const KernelSet kernels = kernels_of(table);
  EXPECT_EQ(kernels.rows.add, other.add);
  EXPECT_EQ(kernels.ternary.ternary_matmul, base.families.ternary->ternary_matmul);
  EXPECT_EQ(kernels.updates.adamw_update, base.families.updates->adamw_update);
}

}  // namespace
}  // namespace tritium::cpu
