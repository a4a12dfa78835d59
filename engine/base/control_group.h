// What a container or a service manager lets this process have: limits of Linux' control groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tritium {

struct GroupLimits {
  std::optional<uint64_t> memory_left;  // bytes until the tightest limit; cached files count as free
  std::optional<double> processors;     // time that may be used a second: 0.5 is half of one
};

// Of this process: the tightest of its groups, from its own up to the root that it sees, in version 1 and version 2.
// Nothing where there is no limit or no control group. `root` is put before every path that is read.
GroupLimits control_group_limits(const std::string& root = "");

}  // namespace tritium
