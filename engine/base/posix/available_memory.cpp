#include "base/available_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

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

// What ulimit -v and -d leave; nothing where the sizes of this process are not told.
uint64_t of_the_process() {
  std::ifstream sizes("/proc/self/statm");
  uint64_t all = 0, other = 0, data = 0;  // pages: size resident shared text lib data
  if (!(sizes >> all >> other >> other >> other >> other >> data)) return kUnknown;
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  uint64_t left = kUnknown;
  for (const auto& [limit, pages] : {std::pair{RLIMIT_AS, all}, {RLIMIT_DATA, data}})
    if (rlimit r{}; ::getrlimit(limit, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
      left = std::min<uint64_t>(left, r.rlim_cur > pages * page ? r.rlim_cur - pages * page : 1);
  return left;
}

}  // namespace

uint64_t available_memory() {
  const uint64_t available =
      std::min({of_the_machine(), of_the_process(), control_group_limits().memory_left.value_or(kUnknown)});
  return available == kUnknown ? 0 : available;
}

}  // namespace tritium
