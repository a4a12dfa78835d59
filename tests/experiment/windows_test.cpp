// Which tokens of a text are scored, and with how much before them.
#include "experiment/windows.h"

#include <gtest/gtest.h>

namespace tritium::experiment {
namespace {

// How often each token is scored.
std::vector<int> counts(int64_t tokens, const std::vector<Window>& windows) {
  std::vector<int> n(static_cast<size_t>(tokens));
  for (const Window& w : windows) {
    EXPECT_GE(w.first, 1);
    EXPECT_LE(w.start + w.size, tokens);
    for (int64_t i = w.first; i < w.size; ++i) ++n[static_cast<size_t>(w.start + i)];
  }
  return n;
}

std::vector<int> each_but_the_first_once(int64_t tokens) {
  std::vector<int> n(static_cast<size_t>(tokens), 1);
  n[0] = 0;
  return n;
}

TEST(Windows, EachTokenButTheFirstIsScoredOnce) {
  for (int64_t tokens = 2; tokens < 60; ++tokens) {
    EXPECT_EQ(counts(tokens, separate_windows(tokens, 8)), each_but_the_first_once(tokens)) << tokens;
    EXPECT_EQ(counts(tokens, sliding_windows(tokens, 8, 3)), each_but_the_first_once(tokens)) << tokens;
  }
}

TEST(Windows, SeparateOnesHaveAsManyInputsAsTrainingHas) {
  for (const Window& w : separate_windows(100, 8)) {
    EXPECT_LE(w.size - 1, 8);
    EXPECT_EQ(w.start % 8, 0);
    EXPECT_EQ(w.first, 1);
  }
}

TEST(Windows, SlidingOnesAreFullUpToTheEnd) {
  const std::vector<Window> windows = sliding_windows(50, 8, 3);
  for (const Window& w : windows) EXPECT_EQ(w.size, 8);
  EXPECT_EQ(windows.back().start, 42);
}

// Of the published code: windows at 0, 3, 6, …, each of which scores its last three tokens, also those cut off by the
// end.
TEST(Windows, TheFaultCountsTheLastTokensSeveralTimes) {
  const std::vector<int> n = counts(20, tail_rescoring_windows(20, 8, 3));
  EXPECT_EQ(n[0], 0);
  for (size_t i = 1; i < 15; ++i) EXPECT_EQ(n[i], 1) << i;
  EXPECT_GT(n[19], 2);
}

}  // namespace
}  // namespace tritium::experiment
