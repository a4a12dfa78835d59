#include "base/processors.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <thread>

#include "base/control_group.h"

namespace tritium {
namespace {

// "0,64" or "0-1": of all processors of a core the same text; empty: unknown.
std::string siblings_of(int processor, const std::string& root) {
  std::ifstream file(root + "/sys/devices/system/cpu/cpu" + std::to_string(processor) +
                     "/topology/thread_siblings_list");
  std::string siblings;
  std::getline(file, siblings);
  return siblings;
}

}  // namespace

ProcessorOrder order_by_core(const std::vector<int>& allowed, const std::string& root) {
  ProcessorOrder order;
  std::vector<int> siblings;
  std::set<std::string> seen;
  for (const int processor : allowed) {
    const std::string core = siblings_of(processor, root);
    const bool first = core.empty() || seen.insert(core).second;
    (first ? order.processors : siblings).push_back(processor);
  }
  order.cores = static_cast<int>(order.processors.size());
  order.processors.insert(order.processors.end(), siblings.begin(), siblings.end());
  return order;
}

std::vector<int> processors_by_core() { return processor_order().processors; }

int usable_processors() {
  const int cores = processor_order().cores;
  const int there = cores > 0 ? cores : static_cast<int>(std::thread::hardware_concurrency());
  // More threads than a group's share of time would be stopped together for the rest of each period.
  const double share = control_group_limits().processors.value_or(there);
  return std::max(1, std::min(there, static_cast<int>(std::ceil(share))));
}

}  // namespace tritium
