// What a physical device says about itself: for people (DeviceDescription) and for our choices (DeviceFacts).
#pragma once

#include <string_view>
#include <vector>

#include "vulkan/device/device_choice.h"
#include "vulkan/device/heaps.h"
#include "vulkan/device/raii.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

struct QueriedDevice {
  DeviceDescription description;
  std::vector<vk::ExtensionProperties> extensions;
  uint32_t compute_family = 0;  // meaningful when description.usable

  bool offers(std::string_view extension) const;
};

// budgets: the device offers VK_EXT_memory_budget.
std::vector<HeapDetails> heaps_of(const vk::raii::PhysicalDevice& device, bool budgets);

QueriedDevice query_device(const vk::raii::PhysicalDevice& device, int index);

}  // namespace tritium::vulkan
