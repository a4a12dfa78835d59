#include "base/available_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace tritium {
namespace {

constexpr uint64_t kUnknown = std::numeric_limits<uint64_t>::max();

uint64_t of_the_machine() {
  std::ifstream info("/proc/meminfo");
  uint64_t kilobytes = 0;
  for (std::string key; info >> key;) {
    if (key == "MemAvailable:" && info >> kilobytes) return kilobytes * 1024;
    info.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return kUnknown;
}

// A container's (control groups, version 2): the word "max" where there is none. What is used of it is not subtracted,
// since that counts cached files too.
uint64_t limit_of_the_control_group() {
  uint64_t limit = 0;
  return std::ifstream("/sys/fs/cgroup/memory.max") >> limit ? limit : kUnknown;
}

}  // namespace

uint64_t available_memory() {
  const uint64_t available = std::min(of_the_machine(), limit_of_the_control_group());
  return available == kUnknown ? 0 : available;
}

}  // namespace tritium
