// What fusions and their twins took on a device, by class (ops/fusion.h), and the text in which it is kept.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tritium::vulkan {

struct FusionTimes {
  double fused = 0, simple = 0;  // seconds, the shortest of several; 0: not measured
  int tries = 0;                 // measurements that were not at an end when their time was

  bool measured() const { return fused > 0; }
  // Who is not clearly faster is not worth a layer of its own.
  bool fused_pays() const {
    constexpr double kClearly = 0.97;
    return !measured() || simple > kClearly * fused;
  }
  bool operator==(const FusionTimes&) const = default;
};

using TimesOfClasses = std::map<std::string, FusionTimes, std::less<>>;

// A line a class: seconds fused, seconds simple, tries, the class.
std::string text_of(const TimesOfClasses& times);
// nullopt: no such text.
std::optional<TimesOfClasses> parse_times(std::string_view text);

}  // namespace tritium::vulkan
