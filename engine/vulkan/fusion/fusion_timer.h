// FusionTimer: how long fusions and their twins take on a device. Both run on the weights of the model, of several
// layers in turn, and on memory of their own for everything else: nothing of the model changes.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "ops/fusion.h"
#include "vulkan/fusion/fusion_times.h"
#include "vulkan/gpu.h"

namespace tritium::vulkan {

class FusionTimer {
 public:
  FusionTimer(Backend& backend, Gpu& gpu) : backend_(backend), gpu_(gpu) {}

  // The shortest of a few rounds in which both take turns, by the device's clock where it has one. nullopt: `seconds`
  // were not enough, compiling included; it is over a kernel's compilation, or one run, later at most. unsupported:
  // tensors of another backend. What was recorded before must have run.
  Result<std::optional<FusionTimes>> time(std::span<const Fusion> alike, double seconds);

 private:
  using Clock = std::chrono::steady_clock;
  struct Side;

  Result<FusionTimes> measure(std::span<const Fusion> alike);
  Status record(Side& side, std::span<const Fusion> bound);
  Result<double> run(const Side& side);
  bool over() const { return Clock::now() >= end_; }
  Status out_of_time();

  Backend& backend_;
  Gpu& gpu_;
  Clock::time_point end_;
  bool out_of_time_ = false;
};

}  // namespace tritium::vulkan
