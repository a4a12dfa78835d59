// Windows that slide over a text: no token is scored twice or forgotten, the text's end included.
#include "text/sliding_windows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tritium {
namespace {

template <typename Check>
void for_each_combination(const Check& check) {
  for (int64_t tokens = 2; tokens <= 40; ++tokens)
    for (int64_t window = 2; window <= 12; ++window)
      for (int64_t stride = 1; stride < window; ++stride) {
        SCOPED_TRACE(testing::Message() << tokens << " tokens, window " << window << ", stride " << stride);
        check(tokens, WindowSizes{.window = window, .stride = stride});
        if (testing::Test::HasFailure()) return;
      }
}

TEST(SlidingWindows, ScoreEveryTokenButTheFirstExactlyOnce) {
  for_each_combination([](int64_t tokens, const WindowSizes& sizes) {
    std::vector<int> scored(static_cast<size_t>(tokens), 0);
    const SlidingWindows windows(tokens, sizes);
    for (int64_t i = 0; i < windows.count(); ++i)
      for (int64_t t = windows[i].scored; t < windows[i].end; ++t) ++scored[static_cast<size_t>(t)];
    std::vector<int> once(scored.size(), 1);
    once[0] = 0;
    EXPECT_EQ(scored, once);
  });
}

// The published code's last windows ran past the end and scored the last tokens again and again.
TEST(SlidingWindows, EndWithTheTextAndNoneBeginsAfterItsLastToken) {
  for_each_combination([](int64_t tokens, const WindowSizes& sizes) {
    const SlidingWindows windows(tokens, sizes);
    EXPECT_EQ(windows[windows.count() - 1].end, tokens);
    for (int64_t i = 0; i + 1 < windows.count(); ++i) EXPECT_LT(windows[i].end, tokens);
  });
}

TEST(SlidingWindows, PutAsMuchBeforeWhatIsScoredAsTheyHold) {
  for_each_combination([](int64_t tokens, const WindowSizes& sizes) {
    const SlidingWindows windows(tokens, sizes);
    for (int64_t i = 0; i < windows.count(); ++i) {
      const Window w = windows[i];
      EXPECT_LT(w.begin, w.scored);
      EXPECT_EQ(w.end - w.begin, std::min(tokens, sizes.window));
      EXPECT_LE(w.end - w.scored, i == 0 ? sizes.window - 1 : sizes.stride);
    }
  });
}

TEST(SlidingWindows, OfATextThatHasNothingToScoreAreNone) {
  for (int64_t tokens : {0, 1}) EXPECT_EQ(SlidingWindows(tokens, {.window = 4, .stride = 2}).count(), 0);
}

TEST(WindowSizes, AreByDefaultTheContextAndHalfOfIt) {
  const Result<WindowSizes> small = window_sizes(0, 0, 100, "m"), large = window_sizes(0, 0, 100000, "m");
  ASSERT_TRUE(small.ok() && large.ok());
  EXPECT_EQ(small->window, 100);
  EXPECT_EQ(small->stride, 50);
  EXPECT_EQ(large->window, 4096);
  EXPECT_EQ(window_sizes(2, 0, 100, "m")->stride, 1);
}

TEST(WindowSizes, ThatAreImpossibleAreRefusedWithWhatIsPossible) {
  const struct {
    int64_t window, stride, context;
    const char* said;
  } cases[] = {{101, 1, 100, "window is 101, must be 2 to 100"},
               {1, 1, 100, "window is 1, must be 2 to 100"},
               {-5, 0, 100, "window is -5"},
               {16, 16, 100, "stride is 16, must be 1 to 15"},
               {16, 600, 100, "a smaller stride, or a larger window"},
               {16, -1, 100, "stride is -1, must be 1 to 15"},
               {0, 0, 1, "m: a context of one token"}};
  for (const auto& c : cases) {
    const Result<WindowSizes> sizes = window_sizes(c.window, c.stride, c.context, "m");
    ASSERT_FALSE(sizes.ok()) << c.said;
    EXPECT_NE(sizes.message().find(c.said), std::string::npos) << sizes.message();
  }
}

TEST(Evaluation, CountsBitsByTheBytesOfTheTextAndNatsByToken) {
  const Result<Evaluation> e = evaluation_of(8 * std::log(2.0), 4, 16, "m");
  ASSERT_TRUE(e.ok());
  EXPECT_DOUBLE_EQ(e->bits_per_byte, 0.5);
  EXPECT_DOUBLE_EQ(e->nll, 2 * std::log(2.0));
  EXPECT_DOUBLE_EQ(e->perplexity, 4.0);
}

TEST(Evaluation, OfAPerplexityBeyondAllNumbersIsAnError) {
  EXPECT_EQ(evaluation_of(4000, 4, 16, "m").code(), StatusCode::device_error);
}

}  // namespace
}  // namespace tritium
