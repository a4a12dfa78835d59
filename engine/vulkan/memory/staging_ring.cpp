#include "vulkan/memory/staging_ring.h"

#include <cassert>

namespace tritium::vulkan {

std::optional<uint64_t> StagingRing::take(uint64_t bytes, uint64_t submission) {
  assert(bytes > 0);
  const uint64_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  uint64_t begin = 0;
  if (!in_use_.empty()) {
    const uint64_t tail = in_use_.front().begin;
    const uint64_t head = in_use_.back().end;
    // In use: [tail, head), or, wrapped around, [tail, size) and [0, head).
    const bool wrapped = in_use_.back().begin < tail;
    if (wrapped) {
      if (head + padded > tail) return std::nullopt;
      begin = head;
    } else if (head + padded <= size_) {
      begin = head;
    } else if (padded > tail) {
      return std::nullopt;
    }
  }
  if (begin + padded > size_) return std::nullopt;
  in_use_.push_back({begin, begin + padded, submission});
  return begin;
}

void StagingRing::complete(uint64_t submission) {
  while (!in_use_.empty() && in_use_.front().submission <= submission) in_use_.pop_front();
}

}  // namespace tritium::vulkan
