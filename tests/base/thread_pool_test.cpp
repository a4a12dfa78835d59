#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <numeric>

#include "base/processors.h"

namespace tritium {
namespace {

TEST(ThreadPool, EveryItemIsVisitedOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    for (int64_t n : {0, 1, 2, 3, 7, 8, 9, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
      pool.for_each(n, [&](int64_t i) noexcept { ++visits[static_cast<size_t>(i)]; });
      for (const auto& count : visits) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, PiecesAreContiguousAndOfTheSizeAskedFor) {
  ThreadPool pool(3);
  std::mutex mutex;
  std::vector<std::pair<int64_t, int64_t>> pieces;
  pool.run(8, 3, [&](int64_t first, int64_t last) noexcept {
    const std::lock_guard lock(mutex);
    pieces.emplace_back(first, last);
  });
  std::ranges::sort(pieces);
  EXPECT_EQ(pieces, (std::vector<std::pair<int64_t, int64_t>>{{0, 3}, {3, 6}, {6, 8}}));
}

TEST(ThreadPool, AThreadThatIsHeldUpDelaysTheOthersByItsPieceAlone) {
  ThreadPool pool(2);
  std::atomic<int> done = 0;
  std::atomic<bool> others_did_the_rest = false, someone_waits = false;
  pool.run(100, 1, [&](int64_t, int64_t) noexcept {
    // The first piece that is begun ends when the other 99 have.
    if (!someone_waits.exchange(true)) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
      while (done < 99 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
      others_did_the_rest = done == 99;
    }
    ++done;
  });
  EXPECT_EQ(done, 100);
  EXPECT_TRUE(others_did_the_rest);
}

TEST(ThreadPool, ManyShortLoopsInARowMissNothing) {
  ThreadPool pool(4);
  std::atomic<int64_t> sum = 0;
  constexpr int64_t kLoops = 20'000;
  for (int64_t loop = 0; loop < kLoops; ++loop)
    pool.run(7, 1, [&](int64_t first, int64_t last) noexcept { sum += last - first; });
  EXPECT_EQ(sum, 7 * kLoops);
}

TEST(ThreadPool, ResultsOfWorkersAreVisibleAfterRun) {
  ThreadPool pool(4);
  std::vector<int64_t> values(1000);
  for (int64_t round = 0; round < 200; ++round) {
    pool.for_each(1000, [&](int64_t i) noexcept { values[static_cast<size_t>(i)] = i + round; });
    ASSERT_EQ(std::accumulate(values.begin(), values.end(), int64_t{0}), 999 * 500 + 1000 * round);
  }
}

TEST(ThreadPool, RunsAfterWorkersFellAsleep) {
  ThreadPool pool(3);
  std::atomic<int> count = 0;
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.for_each(3, [&](int64_t) noexcept { ++count; });
  }
  EXPECT_EQ(count, 15);
}

TEST(ThreadPool, DefaultIsEveryUsableProcessor) {
  EXPECT_GE(usable_processors(), 1);
  EXPECT_EQ(ThreadPool().threads(), usable_processors());
}

TEST(ThreadPool, ManyPoolsWorkAtTheSameTime) {
  std::array<std::unique_ptr<ThreadPool>, 6> pools;
  for (auto& pool : pools) pool = std::make_unique<ThreadPool>(3);
  std::array<std::atomic<int>, 6> counts = {};
  std::vector<std::thread> users;
  for (size_t p = 0; p < pools.size(); ++p)
    users.emplace_back([&, p] {
      for (int round = 0; round < 50; ++round) pools[p]->for_each(10, [&](int64_t) noexcept { ++counts[p]; });
    });
  for (std::thread& user : users) user.join();
  for (const auto& count : counts) EXPECT_EQ(count, 500);
}

TEST(ThreadPool, AnUnusedPoolCanBeDestroyed) {
  for (int i = 0; i < 20; ++i) ThreadPool pool(4);
}

}  // namespace
}  // namespace tritium
