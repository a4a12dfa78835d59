// FusionChooser: rewrites programs with those fusions that pay on a device. A class of them that is met for the first
// time is timed beside its twin; what came of it is kept in a file, so that nothing is timed twice. The results of both
// are the same to the bit: nobody but a clock sees the choice.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ops/fuse.h"
#include "tritium/log.hpp"
#include "tritium/profile.hpp"
#include "vulkan/fusion/fusion_setting.h"
#include "vulkan/fusion/fusion_times.h"
#include "vulkan/pipelines/cache_file.h"

namespace tritium::vulkan {

// Times fusions of one class, those of several layers, within so many seconds. nullopt: they were not enough.
using TimeFusion = std::function<Result<std::optional<FusionTimes>>(std::span<const Fusion> alike, double seconds)>;

struct FusionChooserOptions {
  FusionSetting setting;
  double seconds = 0.15;            // for all that is timed, as long as the chooser lives; the rest is fused
  bool anew = false;                // what earlier runs kept does not count
  TimeFusion time = {};             // empty: nothing is timed
  std::function<Status()> settle;   // waits for what the device has to do before
  std::function<double()> now;      // seconds of a clock
  std::filesystem::path file = {};  // empty: nothing is kept
  CacheKey key = {};
  LogSink log = {};
};

class FusionChooser {
 public:
  explicit FusionChooser(FusionChooserOptions options);
  // Keeps what was timed. A folder that cannot be written costs the same time again, nothing else.
  ~FusionChooser();
  FusionChooser(const FusionChooser&) = delete;
  FusionChooser& operator=(const FusionChooser&) = delete;

  // As fuse(), with those that are asked for or pay.
  void rewrite(Program& program, const FusionLimits& limits);
  // Of the classes that were met, in their order.
  const std::vector<FusionChoice>& choices() const { return choices_; }

 private:
  struct Class {
    std::string name;
    std::vector<Fusion> alike;  // the first ones
  };

  bool decide(const Fusion& fusion, std::vector<Class>& unknown);
  bool may_be_timed(const std::string& name) const;
  void time(const std::vector<Class>& unknown);
  void time(const Class& fusions);
  const FusionTimes* known(const std::string& name) const;
  void note(const Fusion& fusion, const std::string& shape, bool fused, const char* reason);
  TimesOfClasses kept() const;

  FusionChooserOptions options_;
  double left_;           // seconds
  TimesOfClasses kept_;   // by earlier runs
  TimesOfClasses timed_;  // by this one
  std::set<std::string, std::less<>> tried_;
  std::vector<FusionChoice> choices_;
};

}  // namespace tritium::vulkan
