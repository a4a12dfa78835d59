#include "vulkan/device/heaps.h"

namespace tritium::vulkan {

uint64_t free_bytes(std::span<const HeapDetails> heaps) {
  const HeapDetails* largest = nullptr;
  for (const HeapDetails& heap : heaps)
    if (heap.device_local && (!largest || heap.bytes > largest->bytes)) largest = &heap;
  if (!largest) return 0;
  const uint64_t usable = largest->budget > 0 ? largest->budget : largest->bytes;
  return usable > largest->used ? usable - largest->used : 0;
}

}  // namespace tritium::vulkan
