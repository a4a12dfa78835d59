// Heaps of a device, and what is left of its memory. No Vulkan type appears in what reports use.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tritium::vulkan {

struct HeapDetails {
  uint64_t bytes = 0;
  bool device_local = false;
  uint64_t budget = 0;  // what this process may use of it now (VK_EXT_memory_budget); 0: unknown
  uint64_t used = 0;    // by this process, where there is a budget
};

// Of the largest device-local heap: what may still be used of it, as far as it is known; 0: there is none, or nothing.
uint64_t free_bytes(std::span<const HeapDetails> heaps);

}  // namespace tritium::vulkan
