// Where the time went, operation by operation, and how far that is from what the machine can do, and which operations
// of a GPU run as one: as a table for people, as JSON for other programs.
#pragma once

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tritium/bench.hpp"
#include "tritium/profile.hpp"

namespace tritium::cli {

struct ProfileLimits {
  std::vector<MachineLimit> limits;  // empty: not known
  uint64_t weight_bytes = 0;         // of the model: those of one operation come again when all others have been read
};

// The time that reading and computing must take, the longest of them, over the time taken.
inline std::optional<double> fraction_of_limit(const ProfileEntry& entry, const ProfileLimits& of) {
  const double calls = static_cast<double>(std::max<int64_t>(1, entry.calls));
  const auto again = entry.weight_bytes > 0 ? of.weight_bytes : static_cast<uint64_t>(entry.bytes / calls);
  double seconds = 0;
  const auto needs = [&](double amount, double limit) {
    if (limit > 0) seconds = std::max(seconds, amount * 1e-9 / limit);
  };
  needs(entry.bytes, read_limit(of.limits, again));
  needs(entry.integer_operations, peak_limit(of.limits, "int8 dot"));
  needs(entry.float_operations, peak_limit(of.limits, "float fma"));
  if (seconds <= 0 || entry.seconds <= 0) return std::nullopt;
  return seconds / entry.seconds;
}

inline double giga_per_second(double amount, const ProfileEntry& entry) {
  return entry.seconds > 0 ? amount * 1e-9 / entry.seconds : 0;
}

// On stderr.
inline void print_profile(const std::vector<ProfileEntry>& profile, const ProfileLimits& limits = {}) {
  for (const ProfileEntry& entry : profile) {
    std::fprintf(stderr, "%-28s %8lld calls %9.3f s %8.2f GB/s", entry.operation.c_str(),
                 static_cast<long long>(entry.calls), entry.seconds, giga_per_second(entry.bytes, entry));
    const double operations = entry.integer_operations + entry.float_operations;
    if (operations > 0) std::fprintf(stderr, " %8.1f Gop/s", giga_per_second(operations, entry));
    const std::optional<double> fraction = fraction_of_limit(entry, limits);
    if (fraction) std::fprintf(stderr, "%s %6.2f of the limit", operations > 0 ? "" : "               ", *fraction);
    std::fprintf(stderr, "\n");
  }
}

inline nlohmann::json profile_json(const std::vector<ProfileEntry>& profile, const ProfileLimits& limits = {}) {
  nlohmann::json rows = nlohmann::json::array();
  for (const ProfileEntry& entry : profile) {
    const double operations = entry.integer_operations + entry.float_operations;
    const std::optional<double> fraction = fraction_of_limit(entry, limits);
    rows.push_back({{"operation", entry.operation},
                    {"calls", entry.calls},
                    {"seconds", entry.seconds},
                    {"gb_s", giga_per_second(entry.bytes, entry)},
                    {"gop_s", operations > 0 ? nlohmann::json(giga_per_second(operations, entry)) : nlohmann::json()},
                    {"fraction_of_limit", fraction ? nlohmann::json(*fraction) : nlohmann::json()}});
  }
  return rows;
}

// On stderr.
inline void print_fusions(const std::vector<FusionChoice>& fusions) {
  for (const FusionChoice& fusion : fusions) {
    std::fprintf(stderr, "%-28s %s, %s", fusion.operation.c_str(), fusion.fused ? "fused" : "one by one",
                 fusion.reason.c_str());
    if (fusion.fused_seconds > 0)
      std::fprintf(stderr, ": %.1f us fused, %.1f us one by one", fusion.fused_seconds * 1e6,
                   fusion.simple_seconds * 1e6);
    std::fprintf(stderr, "\n");
  }
}

inline nlohmann::json fusions_json(const std::vector<FusionChoice>& fusions) {
  nlohmann::json rows = nlohmann::json::array();
  const auto us = [](double seconds) { return seconds > 0 ? nlohmann::json(seconds * 1e6) : nlohmann::json(); };
  for (const FusionChoice& fusion : fusions)
    rows.push_back({{"operation", fusion.operation},
                    {"shape", fusion.shape},
                    {"fused", fusion.fused},
                    {"reason", fusion.reason},
                    {"fused_us", us(fusion.fused_seconds)},
                    {"simple_us", us(fusion.simple_seconds)}});
  return rows;
}

}  // namespace tritium::cli
