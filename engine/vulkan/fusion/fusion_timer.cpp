#include "vulkan/fusion/fusion_timer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "vulkan/fusion/timed_tensors.h"

namespace tritium::vulkan {
namespace {

constexpr int kRounds = 5, kFewestRounds = 3;
constexpr double kRoundSeconds = 1e-3;  // of one side, where there are as many layers: a submission costs a tenth of it

}  // namespace

// What runs in turns with the other.
struct FusionTimer::Side {
  std::vector<AllOps::Variant> Fusion::*operations = nullptr;
  std::shared_ptr<const RecordedCommands> commands = {};
  double best = std::numeric_limits<double>::infinity();
};

Status FusionTimer::out_of_time() {
  out_of_time_ = true;
  return Status(StatusCode::cancelled, "no time is left to measure fusions");
}

Status FusionTimer::record(Side& side, std::span<const Fusion> bound) {
  const bool marks = gpu_.has_marks();
  auto commands = gpu_.record(
      [&] {
        Status status = marks ? gpu_.mark() : Status();
        for (const Fusion& fusion : bound)
          for (const AllOps::Variant& operation : fusion.*side.operations) {
            if (status.ok() && over()) status = out_of_time();
            if (status.ok()) status = std::visit([&](const auto& op) { return backend_.run(op); }, operation);
          }
        return status.ok() && marks ? gpu_.mark() : status;
      },
      marks ? 2 : 0);
  if (!commands.ok()) return commands.status();
  side.commands = *std::move(commands);
  return Status();
}

Result<double> FusionTimer::run(const Side& side) {
  const Clock::time_point start = Clock::now();
  if (Status s = gpu_.run(side.commands); !s.ok()) return s;
  if (Status s = gpu_.finish(); !s.ok()) return s;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const Result<std::vector<double>> marks = gpu_.marks(*side.commands);
  if (!marks.ok()) return marks.status();
  return marks->empty() || marks->back() <= 0 ? seconds : marks->back();
}

Result<FusionTimes> FusionTimer::measure(std::span<const Fusion> alike) {
  TimedTensors tensors(gpu_);
  std::vector<Fusion> bound(alike.begin(), alike.end());
  for (Fusion& fusion : bound)
    if (Status s = tensors.bind(fusion); !s.ok()) return s;

  std::array<Side, 2> sides = {Side{.operations = &Fusion::fused}, Side{.operations = &Fusion::simple}};
  double once = 0;
  for (Side& side : sides) {
    if (Status s = record(side, std::span(bound).first(1)); !s.ok()) return s;
    if (const auto first = run(side); !first.ok()) return first.status();  // compiles, on some drivers
    if (over()) return out_of_time();
    const Result<double> seconds = run(side);
    if (!seconds.ok()) return seconds.status();
    once = std::max(once, *seconds);
  }
  const auto n = static_cast<size_t>(std::clamp(kRoundSeconds / once, 1.0, static_cast<double>(bound.size())));
  for (Side& side : sides)
    if (Status s = n > 1 ? record(side, std::span(bound).first(n)) : Status(); !s.ok()) return s;
  for (size_t round = 0; round < kRounds; ++round) {
    if (over() && round < kFewestRounds) return out_of_time();
    if (over()) break;
    for (size_t i = 0; i < sides.size(); ++i) {
      Side& side = sides[(i + round) % sides.size()];
      const Result<double> seconds = run(side);
      if (!seconds.ok()) return seconds.status();
      side.best = std::min(side.best, *seconds / static_cast<double>(n));
    }
  }
  return FusionTimes{.fused = sides[0].best, .simple = sides[1].best};
}

Result<std::optional<FusionTimes>> FusionTimer::time(std::span<const Fusion> alike, double seconds) {
  end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  out_of_time_ = false;
  const Result<FusionTimes> times = measure(alike);
  if (times.ok()) return std::optional(*times);
  if (out_of_time_) return std::optional<FusionTimes>();
  return times.status();
}

}  // namespace tritium::vulkan
