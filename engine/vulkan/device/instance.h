// The Vulkan instance: loader opened, validation layer and its messages switched on when asked for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/status.hpp"
#include "vulkan/device/raii.h"

namespace tritium::vulkan {

struct InstanceOptions {
  bool validation = false;
  std::function<void(std::string)> on_validation_message;
  LogSink log;
};

// Not movable: the messenger points into it. Members are destroyed last to first.
struct Instance {
  InstanceOptions options;
  vk::raii::Context context;  // the loader library
  bool debug_utils = false;   // names and labels reach debuggers
  bool validation = false;    // the layer is there and on
  vk::raii::Instance handle = nullptr;
  vk::raii::DebugUtilsMessengerEXT messenger = nullptr;

  Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
};

// not_found: no loader or no driver, with what to install.
Result<std::unique_ptr<Instance>> open_instance(const InstanceOptions& options);

// In the loader's order; never empty (not_found instead).
Result<std::vector<vk::raii::PhysicalDevice>> physical_devices(const Instance& instance);

}  // namespace tritium::vulkan
