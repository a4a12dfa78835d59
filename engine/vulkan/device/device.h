// Device: one opened GPU with one compute queue, its limits, and names for debuggers. What allocates, compiles, records
// or submits holds a pointer to it.
#pragma once

#include <memory>
#include <string>
#include <type_traits>

#include "vulkan/device/device_health.h"
#include "vulkan/device/float_controls.h"
#include "vulkan/device/instance.h"
#include "vulkan/recorder.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

struct Device {
  LogSink log;
  std::unique_ptr<Instance> instance;
  DeviceDescription description;
  vk::raii::PhysicalDevice physical = nullptr;
  vk::raii::Device handle = nullptr;
  vk::raii::Queue queue = nullptr;
  uint32_t queue_family = 0;
  uint32_t timestamp_bits = 0;  // of the queue's clock; 0: it has none

  vk::PhysicalDeviceProperties properties;
  vk::PhysicalDeviceIDProperties id;
  vk::PhysicalDeviceMemoryProperties memory;
  bool tells_budget = false;  // VK_EXT_memory_budget
  Limits limits;
  FloatControls float_controls;            // that kernels are compiled with
  vk::PipelineCreateFlags pipeline_flags;  // likewise
  bool dot_products = false;               // the variants "dot" of kernels are used
  uint64_t largest_buffer = 0;             // bytes one buffer and its memory may have
  double patience = 30;  // seconds beyond what a submission should take, after which the device is taken as lost
  DeviceHealth health;

  // What debuggers and validation messages call an object.
  template <typename Handle>
  void set_name(const Handle& object, const std::string& name) const {
    using Plain = std::remove_cvref_t<decltype(*object)>;
    set_name(Plain::objectType, reinterpret_cast<uint64_t>(static_cast<typename Plain::CType>(*object)), name);
  }

 private:
  void set_name(vk::ObjectType type, uint64_t object, const std::string& name) const;
};

// Errors as make_vulkan_backend().
Result<std::shared_ptr<Device>> open_device(const VulkanOptions& options);

}  // namespace tritium::vulkan
