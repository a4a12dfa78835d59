// ProgramTimes: what recorded programs took, by the marks between their operations, and what these did (a profile).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/operation_times.h"
#include "ops/program.h"
#include "vulkan/gpu.h"

namespace tritium::vulkan {

class ProgramTimes {
 public:
  ProgramTimes(Backend& backend, Gpu& gpu) : backend_(backend), gpu_(gpu) {}

  // Of commands with a mark before the program's first operation, and one behind each.
  std::unique_ptr<Replay> replay(std::shared_ptr<const RecordedCommands> commands, const Program& program);
  // Waits for the last run, and adds its times. Nothing that this does is counted (DeviceWork).
  Status settle();
  std::vector<ProfileEntry> longest_first() const { return times_.longest_first(); }

 private:
  class TimedReplay;
  // Its marks are read before the next run writes others.
  struct Run {
    std::shared_ptr<const RecordedCommands> commands;
    std::vector<std::pair<std::string_view, OpWork>> work;  // of its operations
  };

  Status run(const std::shared_ptr<const RecordedCommands>& commands, const Program& program);

  Backend& backend_;
  Gpu& gpu_;
  std::optional<Run> last_;
  OperationTimes times_;
};

}  // namespace tritium::vulkan
