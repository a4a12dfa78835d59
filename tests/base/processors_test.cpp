#include "base/processors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/thread_pool.h"
#include "tests/support/temporary_folder.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace tritium {
namespace {

// A machine's /sys, as far as it is read.
class Processors : public testing::Test {
 protected:
  void siblings(int processor, const std::string& list) {
    const std::filesystem::path topology =
        root_.path().string() + "/sys/devices/system/cpu/cpu" + std::to_string(processor) + "/topology";
    std::filesystem::create_directories(topology);
    std::ofstream(topology / "thread_siblings_list") << list << "\n";
  }
  ProcessorOrder order(const std::vector<int>& allowed) const { return order_by_core(allowed, root_.path().string()); }

 private:
  TemporaryFolder root_;
};

TEST_F(Processors, OneOfEachCoreComesFirst) {
  for (const int first : {0, 1, 2}) siblings(first, std::to_string(first) + "," + std::to_string(first + 3));
  for (const int second : {3, 4, 5}) siblings(second, std::to_string(second - 3) + "," + std::to_string(second));
  EXPECT_EQ(order({0, 1, 2, 3, 4, 5}).processors, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(order({0, 1, 2, 3, 4, 5}).cores, 3);
}

TEST_F(Processors, NeighboursMayBeACore) {
  for (const int first : {0, 2}) {
    siblings(first, std::to_string(first) + "-" + std::to_string(first + 1));
    siblings(first + 1, std::to_string(first) + "-" + std::to_string(first + 1));
  }
  EXPECT_EQ(order({0, 1, 2, 3}).processors, (std::vector<int>{0, 2, 1, 3}));
  EXPECT_EQ(order({0, 1, 2, 3}).cores, 2);
}

TEST_F(Processors, OnlyThoseThatAreAllowedCount) {
  siblings(0, "0-1");
  siblings(1, "0-1");
  siblings(2, "2-3");
  EXPECT_EQ(order({1, 2}).processors, (std::vector<int>{1, 2}));
  EXPECT_EQ(order({1, 2}).cores, 2);
}

TEST_F(Processors, WithoutFilesEachIsACore) { EXPECT_EQ(order({4, 7}).cores, 2); }

#if defined(__linux__)
TEST_F(Processors, APinnedPoolsWorkersStayWhereTheyArePut) {
  ThreadPool pool(3, true);
  std::atomic<int> free_workers{0};
  const std::thread::id caller = std::this_thread::get_id();
  pool.run(3000, 1, [&](int64_t first, int64_t last) noexcept {
    for (; first < last; ++first) {
      cpu_set_t set;
      if (std::this_thread::get_id() != caller && sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) != 1)
        ++free_workers;
    }
  });
  EXPECT_EQ(free_workers, 0);
}
#endif

}  // namespace
}  // namespace tritium
