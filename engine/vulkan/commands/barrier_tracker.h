// BarrierTracker: decides which commands need a memory barrier before them. Pure bookkeeping, no Vulkan: a
// barrier goes in exactly when a command reads or writes bytes that an earlier one, not yet separated from
// it, wrote, or writes bytes that one read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tritium::vulkan {

enum class Stage { compute, transfer };

// Bytes of one buffer that a command reads or writes.
struct Touch {
  uint64_t buffer = 0;  // VulkanBuffer::id
  uint64_t begin = 0;
  uint64_t end = 0;
  bool write = false;
};

// What happened before the barrier; after it come compute and transfer alike, so one barrier separates
// everything.
struct Barrier {
  bool compute = false;         // compute commands must have finished
  bool transfer = false;        // likewise transfers
  bool compute_writes = false;  // and what they wrote must be visible
  bool transfer_writes = false;
  bool operator==(const Barrier&) const = default;
};

// State carries over from one submission to the next: submissions of a queue are ordered only by barriers,
// too.
class BarrierTracker {
 public:
  // The barrier needed before a command that touches this, which is then remembered.
  std::optional<Barrier> before(Stage stage, std::span<const Touch> touches);

 private:
  struct Pending {
    Touch touch;
    Stage stage;
  };

  bool conflicts(const Touch& touch) const;

  std::vector<Pending> pending_;  // since the last barrier
};

}  // namespace tritium::vulkan
