#include "base/control_group.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace tritium {
namespace {

// Version 1 writes a number near 2^63 for "no limit".
constexpr uint64_t kNoLimit = uint64_t{1} << 62;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool lists(std::string_view comma_separated, std::string_view wanted) {
  for (size_t at = 0; at <= comma_separated.size();) {
    const size_t end = std::min(comma_separated.find(',', at), comma_separated.size());
    if (comma_separated.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

// Where a hierarchy is seen: its `top` (a group's path) lies at the folder `mount`.
struct Hierarchy {
  std::string top, mount;
};

// /proc/self/mountinfo, proc(5): "36 35 0:31 TOP MOUNT options … - TYPE source SUPER_OPTIONS". An empty controller is
// version 2.
std::optional<Hierarchy> hierarchy_of(const std::string& root, std::string_view controller) {
  std::ifstream mounts(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::vector<std::string> words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 2) continue;
    const bool version_2 = dash[1] == "cgroup2";
    const bool wanted = controller.empty() ? version_2 : dash[1] == "cgroup" && lists(words.back(), controller);
    if (wanted) return Hierarchy{words[3], words[4]};
  }
  return std::nullopt;
}

// /proc/self/cgroup, cgroups(7): "NUMBER:CONTROLLERS:PATH"; those of version 2 are empty.
std::optional<std::string> group_of(const std::string& root, std::string_view controller) {
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : lists(controllers, controller)) return line.substr(second + 1);
  }
  return std::nullopt;
}

// Folders of the process's group and of those around it, the innermost first.
std::vector<std::string> folders_of(const std::string& root, std::string_view controller) {
  const std::optional<Hierarchy> hierarchy = hierarchy_of(root, controller);
  std::optional<std::string> group = group_of(root, controller);
  if (!hierarchy || !group) return {};
  // A container sees its own group as the top of the hierarchy.
  if (hierarchy->top != "/" && group->starts_with(hierarchy->top)) group->erase(0, hierarchy->top.size());
  std::vector<std::string> folders;
  while (group->size() > 1) {
    folders.push_back(root + hierarchy->mount + *group);
    group->erase(group->rfind('/'));
  }
  folders.push_back(root + hierarchy->mount);
  return folders;
}

template <typename T>
std::optional<T> number_in(const std::string& path) {
  T value{};
  return std::ifstream(path) >> value ? std::optional(value) : std::nullopt;  // not the word "max"
}

// What could be given back at once: files that are cached.
uint64_t cached_files(const std::string& folder, std::string_view prefix) {
  std::ifstream in(folder + "/memory.stat");
  uint64_t bytes = 0, value = 0;
  for (std::string key; in >> key >> value;)
    if (key == std::string(prefix) + "active_file" || key == std::string(prefix) + "inactive_file") bytes += value;
  return bytes;
}

struct MemoryFiles {
  const char *limit, *usage, *prefix;
};

void take_memory(const std::vector<std::string>& folders, const MemoryFiles& files, GroupLimits& limits) {
  for (const std::string& folder : folders) {
    const std::optional<uint64_t> limit = number_in<uint64_t>(folder + files.limit);
    if (!limit || *limit >= kNoLimit) continue;
    const uint64_t usage = number_in<uint64_t>(folder + files.usage).value_or(0);
    const uint64_t used = usage - std::min(usage, cached_files(folder, files.prefix));
    const uint64_t left = *limit - std::min(*limit, used);
    limits.memory_left = std::min(limits.memory_left.value_or(left), left);
  }
}

void take_processors(std::optional<double> quota, std::optional<double> period, GroupLimits& limits) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return;
  limits.processors = std::min(limits.processors.value_or(*quota / *period), *quota / *period);
}

}  // namespace

GroupLimits control_group_limits(const std::string& root) {
  GroupLimits limits;
  const std::vector<std::string> version_2 = folders_of(root, "");
  take_memory(version_2, {"/memory.max", "/memory.current", ""}, limits);
  take_memory(folders_of(root, "memory"), {"/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_"}, limits);
  for (const std::string& folder : version_2) {
    double quota = 0, period = 0;
    if (std::ifstream(folder + "/cpu.max") >> quota >> period) take_processors(quota, period, limits);
  }
  for (const std::string& folder : folders_of(root, "cpu"))
    take_processors(number_in<double>(folder + "/cpu.cfs_quota_us"), number_in<double>(folder + "/cpu.cfs_period_us"),
                    limits);
  return limits;
}

}  // namespace tritium
