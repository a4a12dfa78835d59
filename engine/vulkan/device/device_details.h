// DeviceDetails: everything a device says about itself that matters for kernels, as plain data for a report. No Vulkan
// type appears here; in a build without Vulkan the function comes from vulkan_stub.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

struct HeapDetails {
  uint64_t bytes = 0;
  bool device_local = false;
  uint64_t budget = 0;  // what this process may use of it now (VK_EXT_memory_budget); 0: unknown
  uint64_t used = 0;
};

struct MemoryTypeDetails {
  uint32_t heap = 0;
  std::string properties;  // "device local, host visible"
};

// One shape that a cooperative matrix instruction multiplies: (m, k) times (k, n) plus (m, n).
struct CooperativeMatrixRow {
  uint32_t m = 0, n = 0, k = 0;
  std::string a, b, c, result;  // "f16", "i8", …
  std::string scope;            // "subgroup"
  bool saturating = false;
};

struct DeviceDetails {
  DeviceDescription description;
  std::vector<std::pair<std::string, uint64_t>> numbers;  // limits and properties
  std::vector<std::pair<std::string, bool>> features;
  std::vector<std::string> queue_families;  // "16 queues: graphics, compute, transfer"
  double timestamp_period_ns = 0;
  std::vector<HeapDetails> heaps;
  std::vector<MemoryTypeDetails> memory_types;
  std::string cooperative_matrix_source;  // the extension that was asked, or why there are no rows
  std::vector<CooperativeMatrixRow> cooperative_matrices;
  std::vector<std::string> extensions;

  // Of the largest device-local heap: what may still be used of it, as far as it is known.
  uint64_t free_bytes() const {
    const HeapDetails* largest = nullptr;
    for (const HeapDetails& heap : heaps)
      if (heap.device_local && (!largest || heap.bytes > largest->bytes)) largest = &heap;
    if (!largest) return 0;
    return largest->budget > largest->used ? largest->budget - largest->used : largest->bytes;
  }
};

// `index` as VulkanOptions::device_index, without kBestDevice. Errors as list_devices(), and invalid_argument.
Result<DeviceDetails> device_details(int index);

}  // namespace tritium::vulkan
