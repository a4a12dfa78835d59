// Which devices can be used and which one is taken, as functions of plain data: tested without a GPU.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tritium/status.hpp"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

constexpr uint32_t packed_version(uint32_t major, uint32_t minor) { return major << 22 | minor << 12; }

// What a device must offer; the numbers are Vulkan's own guaranteed minimum where it is enough for the
// kernels.
struct DeviceFacts {
  uint32_t api_version = 0;  // as Vulkan packs it
  bool compute_queue = false;
  uint32_t storage_buffers = 0;  // a kernel may bind
  uint32_t workgroup_invocations = 0;
  uint32_t shared_memory_bytes = 0;
};

// Why the device cannot run the base rung of kernels; empty when it can.
std::string why_unusable(const DeviceFacts& facts);

// The position in `devices` of device `index` (or of the best one for kBestDevice). Errors list what there
// is.
Result<size_t> choose_device(std::span<const DeviceDescription> devices, int index);

}  // namespace tritium::vulkan
