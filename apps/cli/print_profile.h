// Where the time went, operation by operation: as a table for people, as JSON for other programs.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "tritium/profile.hpp"

namespace tritium::cli {

// On stderr.
inline void print_profile(const std::vector<ProfileEntry>& profile) {
  for (const ProfileEntry& entry : profile)
    std::fprintf(stderr, "%-28s %8lld calls %9.3f s\n", entry.operation.c_str(), static_cast<long long>(entry.calls),
                 entry.seconds);
}

inline nlohmann::json profile_json(const std::vector<ProfileEntry>& profile) {
  nlohmann::json rows = nlohmann::json::array();
  for (const ProfileEntry& entry : profile)
    rows.push_back({{"operation", entry.operation}, {"calls", entry.calls}, {"seconds", entry.seconds}});
  return rows;
}

}  // namespace tritium::cli
