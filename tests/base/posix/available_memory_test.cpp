// How much memory is left: no more than a limit of the process leaves.
#include "base/available_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <string>

namespace tritium {
namespace {

class LimitOf : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { ASSERT_EQ(::getrlimit(which(), &before_), 0); }
  void TearDown() override { ::setrlimit(which(), &before_); }
  __rlimit_resource which() const { return static_cast<__rlimit_resource>(GetParam()); }
  void set(uint64_t bytes) {
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ASSERT_EQ(::setrlimit(which(), &limit), 0);
  }
  // As /proc/self/status says it, in words.
  uint64_t used() const {
    std::ifstream status("/proc/self/status");
    const std::string wanted = GetParam() == RLIMIT_AS ? "VmSize:" : "VmData:";
    uint64_t kilobytes = 0;
    for (std::string word; status >> word && kilobytes == 0;)
      if (word == wanted) status >> kilobytes;
    return kilobytes << 10;
  }

 private:
  rlimit before_{};
};
INSTANTIATE_TEST_SUITE_P(Resources, LimitOf, testing::Values(RLIMIT_AS, RLIMIT_DATA));

TEST_P(LimitOf, LeavesWhatThisProcessDoesNotUse) {
  const uint64_t unlimited = available_memory();
  constexpr uint64_t kMore = uint64_t{100} << 20;
  ASSERT_GT(unlimited, 2 * kMore) << "this machine has too little memory for the test";
  set(used() + kMore);
  const uint64_t free = available_memory();
  EXPECT_LE(free, kMore + (uint64_t{1} << 20));
  EXPECT_GT(free, kMore / 2);
}

}  // namespace
}  // namespace tritium
