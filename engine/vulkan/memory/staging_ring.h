// StagingRing: which bytes of the upload buffer are free. A range belongs to the submission that reads it
// until that submission has completed. Pure arithmetic; transfers.h owns the memory.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace tritium::vulkan {

class StagingRing {
 public:
  static constexpr uint64_t kAlignment = 16;

  explicit StagingRing(uint64_t size) : size_(size) {}

  // The start of `bytes` contiguous bytes that submission number `submission` will read; none while they are
  // in use. Submission numbers never decrease.
  std::optional<uint64_t> take(uint64_t bytes, uint64_t submission);
  // Submissions up to this number have completed.
  void complete(uint64_t submission);

  uint64_t size() const { return size_; }

 private:
  struct Range {
    uint64_t begin, end, submission;
  };

  uint64_t size_;
  std::deque<Range> in_use_;  // oldest first
};

}  // namespace tritium::vulkan
