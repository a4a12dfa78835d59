// The shapes that a device's cooperative matrix instructions multiply.
#pragma once

#include "vulkan/device/device_details.h"
#include "vulkan/device/device_query.h"
#include "vulkan/device/instance.h"

namespace tritium::vulkan {

// Fills cooperative_matrices and their source. Throws what the driver throws.
void add_cooperative_matrices(const Instance& instance, const vk::raii::PhysicalDevice& device,
                              const QueriedDevice& queried, DeviceDetails& details);

}  // namespace tritium::vulkan
