// OperationTimes: what each kind of operation took and did, all its calls together.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "ops/all.h"
#include "ops/op_work.h"
#include "tritium/profile.hpp"

namespace tritium {

class OperationTimes {
 public:
  OperationTimes() {
    for (size_t i = 0; i < times_.size(); ++i) times_[i].operation = AllOps::kNames[i];
  }

  void add(std::string_view operation, double seconds, const OpWork& work) {
    ProfileEntry& t = *std::ranges::find(times_, operation, &ProfileEntry::operation);
    ++t.calls;
    t.seconds += seconds;
    t.bytes += work.bytes;
    t.weight_bytes += work.weight_bytes;
    t.integer_operations += work.integer_operations;
    t.float_operations += work.float_operations;
  }

  // Those that were called.
  std::vector<ProfileEntry> longest_first() const {
    std::vector<ProfileEntry> used;
    for (const ProfileEntry& t : times_)
      if (t.calls > 0) used.push_back(t);
    std::ranges::sort(used, [](const ProfileEntry& a, const ProfileEntry& b) { return a.seconds > b.seconds; });
    return used;
  }

 private:
  std::array<ProfileEntry, AllOps::kNames.size()> times_;
};

}  // namespace tritium
