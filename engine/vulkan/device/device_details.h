// DeviceDetails: everything a device says about itself that matters for kernels, as plain data for a report. No Vulkan
// type appears here; in a build without Vulkan the function comes from vulkan_stub.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vulkan/device/heaps.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

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
};

// `index` as VulkanOptions::device_index, without kBestDevice. Errors as list_devices(), and invalid_argument.
Result<DeviceDetails> device_details(int index);

}  // namespace tritium::vulkan
