#include "base/control_group.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace tritium {
namespace {

// A machine's /proc and /sys, as far as they are read.
class ControlGroup : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::string file = root_.path().string() + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << text;
  }
  GroupLimits limits() const { return control_group_limits(root_.path().string()); }

  void version_1() {
    write("/proc/self/cgroup", "11:memory:/batch/job\n4:cpu,cpuacct:/batch/job\n1:name=systemd:/x\n");
    write("/proc/self/mountinfo",
          "30 25 0:26 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n"
          "31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n");
  }
  void version_2(const std::string& group, const std::string& top = "/") {
    write("/proc/self/cgroup", "0::" + group + "\n");
    write("/proc/self/mountinfo", "29 24 0:26 " + top + " /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
  }

 private:
  TemporaryFolder root_;
};

TEST_F(ControlGroup, WithoutAnyThereIsNoLimit) {
  EXPECT_FALSE(limits().memory_left);
  EXPECT_FALSE(limits().processors);
}

TEST_F(ControlGroup, Version1LimitsTheProcessAndTheGroupsAroundIt) {
  version_1();
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("/sys/fs/cgroup/memory/batch/memory.limit_in_bytes", "1000000\n");
  write("/sys/fs/cgroup/memory/batch/memory.usage_in_bytes", "900000\n");
  write("/sys/fs/cgroup/memory/batch/memory.stat",
        "cache 5\ninactive_file 1\ntotal_inactive_file 300000\ntotal_active_file 7\n");
  write("/sys/fs/cgroup/memory/batch/job/memory.limit_in_bytes", "800000\n");
  write("/sys/fs/cgroup/memory/batch/job/memory.usage_in_bytes", "0\n");
  write("/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_quota_us", "50000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limits().memory_left, 400007u);  // of the outer group: cached files can be given back
  EXPECT_EQ(limits().processors, 0.5);
}

TEST_F(ControlGroup, Version2LimitsNestedGroups) {
  version_2("/user.slice/app.scope");
  write("/sys/fs/cgroup/user.slice/memory.max", "5000\n");
  write("/sys/fs/cgroup/user.slice/memory.current", "1000\n");
  write("/sys/fs/cgroup/user.slice/memory.stat", "anon 700\nactive_file 100\ninactive_file 200\n");
  write("/sys/fs/cgroup/user.slice/app.scope/memory.max", "max\n");
  write("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  write("/sys/fs/cgroup/user.slice/app.scope/cpu.max", "max 100000\n");
  EXPECT_EQ(limits().memory_left, 4300u);
  EXPECT_EQ(limits().processors, 1.5);
}

TEST_F(ControlGroup, AContainerSeesItsOwnGroupAsTheTop) {
  version_2("/docker/1234", "/docker/1234");
  write("/sys/fs/cgroup/memory.max", "2000\n");
  write("/sys/fs/cgroup/memory.current", "3000\n");
  EXPECT_EQ(limits().memory_left, 0u);
}

}  // namespace
}  // namespace tritium
