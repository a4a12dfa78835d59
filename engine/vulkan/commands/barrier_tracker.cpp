#include "vulkan/commands/barrier_tracker.h"

#include <algorithm>

namespace tritium::vulkan {

bool BarrierTracker::conflicts(const Touch& touch) const {
  return std::ranges::any_of(pending_, [&](const Pending& earlier) {
    const bool overlap =
        earlier.touch.buffer == touch.buffer && earlier.touch.begin < touch.end && touch.begin < earlier.touch.end;
    return overlap && (earlier.touch.write || touch.write);
  });
}

std::optional<Barrier> BarrierTracker::before(Stage stage, std::span<const Touch> touches) {
  std::optional<Barrier> barrier;
  if (std::ranges::any_of(touches, [&](const Touch& touch) { return conflicts(touch); })) {
    barrier.emplace();
    for (const Pending& earlier : pending_) {
      const bool compute = earlier.stage == Stage::compute;
      (compute ? barrier->compute : barrier->transfer) = true;
      if (earlier.touch.write) (compute ? barrier->compute_writes : barrier->transfer_writes) = true;
    }
    pending_.clear();
  }
  for (const Touch& touch : touches) pending_.push_back({touch, stage});
  return barrier;
}

}  // namespace tritium::vulkan
