#include "base/available_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "base/control_group.h"

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

}  // namespace

uint64_t available_memory() {
  const uint64_t available = std::min(of_the_machine(), control_group_limits().memory_left.value_or(kUnknown));
  return available == kUnknown ? 0 : available;
}

}  // namespace tritium
