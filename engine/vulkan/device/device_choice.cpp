#include "vulkan/device/device_choice.h"

#include <array>

#include "base/format_text.h"

namespace tritium::vulkan {
namespace {

constexpr uint32_t kStorageBuffers = 8;          // the largest kernels bind 6; every known driver offers 8 or more
constexpr uint32_t kWorkgroupInvocations = 128;  // Vulkan's guaranteed minimum
constexpr uint32_t kSharedMemory = 16384;        // likewise

std::string list_of(std::span<const DeviceDescription> devices) {
  std::string text;
  for (const DeviceDescription& device : devices)
    text += join(text.empty() ? "" : "; ", device.index, ": ", device.name, " (", device.type,
                 device.usable ? "" : ", unusable: " + device.unusable_reason, ")");
  return text.empty() ? "none" : text;
}

}  // namespace

std::string why_unusable(const DeviceFacts& facts) {
  if (facts.api_version < packed_version(1, 2))
    return join("it offers Vulkan ", facts.api_version >> 22, ".", facts.api_version >> 12 & 0x3ff,
                "; 1.2 is needed: update the driver");
  if (!facts.compute_queue) return "it has no queue that computes";
  if (facts.storage_buffers < kStorageBuffers)
    return join("a shader may bind ", facts.storage_buffers, " storage buffers; ", kStorageBuffers, " are needed");
  if (facts.workgroup_invocations < kWorkgroupInvocations)
    return join("a workgroup may have ", facts.workgroup_invocations, " invocations; ", kWorkgroupInvocations,
                " are needed");
  if (facts.shared_memory_bytes < kSharedMemory)
    return join("a workgroup has ", facts.shared_memory_bytes, " bytes of shared memory; ", kSharedMemory,
                " are needed");
  return "";
}

std::optional<int> best_device(std::span<const DeviceDescription> devices) {
  constexpr std::array kOrder = {"discrete gpu", "integrated gpu", "virtual gpu"};
  for (const char* type : kOrder)
    for (const DeviceDescription& device : devices)
      if (device.usable && !device.software && device.type == type) return device.index;
  return std::nullopt;
}

Result<size_t> choose_device(std::span<const DeviceDescription> devices, int index) {
  if (index == kBestDevice) {
    const std::optional<int> best = best_device(devices);
    if (!best)
      return error(StatusCode::not_found, "no Vulkan device is a usable GPU (software devices are taken only by ",
                   "index); there are: ", list_of(devices));
    index = *best;
  }
  for (size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].index != index) continue;
    if (!devices[i].usable)
      return error(StatusCode::unsupported, "vulkan:", index, " (", devices[i].name,
                   ") cannot be used: ", devices[i].unusable_reason);
    return i;
  }
  return error(StatusCode::invalid_argument, "there is no vulkan:", index, "; there are: ", list_of(devices));
}

}  // namespace tritium::vulkan
