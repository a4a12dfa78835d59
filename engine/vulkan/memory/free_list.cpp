#include "vulkan/memory/free_list.h"

#include <cassert>
#include <iterator>

namespace tritium::vulkan {

std::optional<uint64_t> FreeList::take(uint64_t bytes, uint64_t alignment) {
  assert(bytes > 0 && alignment > 0);
  auto best = free_.end();
  uint64_t best_begin = 0;
  for (auto hole = free_.begin(); hole != free_.end(); ++hole) {
    const uint64_t begin = (hole->first + alignment - 1) / alignment * alignment;
    const uint64_t lost = begin - hole->first;
    if (lost >= hole->second || hole->second - lost < bytes) continue;
    if (best != free_.end() && best->second <= hole->second) continue;
    best = hole;
    best_begin = begin;
  }
  if (best == free_.end()) return std::nullopt;

  const auto [hole_begin, hole_bytes] = *best;
  free_.erase(best);
  const uint64_t hole_end = hole_begin + hole_bytes;
  if (best_begin > hole_begin) free_[hole_begin] = best_begin - hole_begin;
  if (best_begin + bytes < hole_end) free_[best_begin + bytes] = hole_end - best_begin - bytes;
  return best_begin;
}

void FreeList::give_back(uint64_t begin, uint64_t bytes) {
  const auto [hole, inserted] = free_.emplace(begin, bytes);
  assert(inserted);
  const auto next = std::next(hole);
  if (next != free_.end() && hole->first + hole->second == next->first) {
    hole->second += next->second;
    free_.erase(next);
  }
  if (hole == free_.begin()) return;
  const auto previous = std::prev(hole);
  if (previous->first + previous->second != hole->first) return;
  previous->second += hole->second;
  free_.erase(hole);
}

uint64_t FreeList::free_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [begin, size] : free_) bytes += size;
  return bytes;
}

}  // namespace tritium::vulkan
