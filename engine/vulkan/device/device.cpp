#include "vulkan/device/device.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "base/environment.h"
#include "base/format_text.h"
#include "base/log.h"
#include "vulkan/device/device_choice.h"
#include "vulkan/device/device_query.h"
#include "vulkan/kernel.h"

namespace tritium::vulkan {
namespace {

bool validation_wanted(const VulkanOptions& options) {
  return options.validation || environment("TRITIUM_VALIDATION") == "1";
}

Result<std::vector<QueriedDevice>> query_all(const std::vector<vk::raii::PhysicalDevice>& handles) {
  bool lost = false;
  try {
    std::vector<QueriedDevice> queried;
    for (const auto& handle : handles) queried.push_back(query_device(handle, static_cast<int>(queried.size())));
    return queried;
  } catch (...) {
    return status_of_exception("asking Vulkan devices for their properties", lost);
  }
}

std::vector<DeviceDescription> descriptions_of(const std::vector<QueriedDevice>& queried) {
  std::vector<DeviceDescription> descriptions;
  for (const QueriedDevice& device : queried) descriptions.push_back(device.description);
  return descriptions;
}

// What the device can be told of 32-bit floats alone.
FloatControls float_controls_of(const vk::raii::PhysicalDevice& physical) {
  using Properties = vk::PhysicalDeviceFloatControlsProperties;
  const auto p = physical.getProperties2<vk::PhysicalDeviceProperties2, Properties>().get<Properties>();
  const auto alone = [](vk::ShaderFloatControlsIndependence i) {
    return i != vk::ShaderFloatControlsIndependence::eNone;
  };
  return {.round_to_nearest_even = alone(p.roundingModeIndependence) && p.shaderRoundingModeRTEFloat32,
          .keep_denormals = alone(p.denormBehaviorIndependence) && p.shaderDenormPreserveFloat32,
          .keep_zero_inf_nan = static_cast<bool>(p.shaderSignedZeroInfNanPreserveFloat32)};
}

// Of old devices of the kind, with room to spare.
WorkRates rates_of(vk::PhysicalDeviceType type) {
  switch (type) {
    case vk::PhysicalDeviceType::eDiscreteGpu:
      return {.bytes = 1e11, .integer_operations = 5e11, .float_operations = 5e11};
    case vk::PhysicalDeviceType::eCpu: return {.bytes = 1e15, .integer_operations = 1e15, .float_operations = 1e15};
    default: return {.bytes = 1.5e10, .integer_operations = 1e11, .float_operations = 1e11};
  }
}

void read_limits(Device& device, const QueriedDevice& queried) {
  const auto chain = device.physical.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceIDProperties,
                                                    vk::PhysicalDeviceMaintenance3Properties>();
  device.properties = chain.get<vk::PhysicalDeviceProperties2>().properties;
  device.id = chain.get<vk::PhysicalDeviceIDProperties>();
  device.memory = device.physical.getMemoryProperties();
  device.tells_budget = queried.offers(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  device.largest_buffer = chain.get<vk::PhysicalDeviceMaintenance3Properties>().maxMemoryAllocationSize;
  if (queried.offers(VK_KHR_MAINTENANCE_4_EXTENSION_NAME)) {
    const auto more =
        device.physical.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceMaintenance4Properties>();
    // A larger allocation than maxMemoryAllocationSize may be refused, and often is not (2 or 4 GiB are said of devices
    // with 80): the driver is asked.
    device.largest_buffer = more.get<vk::PhysicalDeviceMaintenance4Properties>().maxBufferSize;
  }
  device.float_controls = float_controls_of(device.physical);
  const auto& limits = device.properties.limits;
  device.limits.storage_range = limits.maxStorageBufferRange / 16 * 16;
  device.limits.storage_alignment = std::max<uint64_t>(16, limits.minStorageBufferOffsetAlignment);
  device.limits.storage_buffers = limits.maxPerStageDescriptorStorageBuffers;
  for (size_t i = 0; i < 3; ++i) device.limits.groups[i] = limits.maxComputeWorkGroupCount[i];
  device.limits.rates = rates_of(device.properties.deviceType);
  if (device.properties.deviceType == vk::PhysicalDeviceType::eCpu) device.patience = INFINITY;  // nobody resets it
}

// Whether dot products of bytes are there, and an instruction of the device. `wanted` (TRITIUM_VULKAN_RUNG), base: they
// are not used; dot: they are, also where they are no faster.
bool wants_dot_products(const vk::raii::PhysicalDevice& physical, const QueriedDevice& queried,
                        const std::string& wanted) {
  const bool core = physical.getProperties().apiVersion >= VK_API_VERSION_1_3;
  if (wanted == "base" || !(core || queried.offers(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME))) return false;
  using Features = vk::PhysicalDeviceShaderIntegerDotProductFeatures;
  using Properties = vk::PhysicalDeviceShaderIntegerDotProductProperties;
  const auto features = physical.getFeatures2<vk::PhysicalDeviceFeatures2, Features>();
  const auto properties = physical.getProperties2<vk::PhysicalDeviceProperties2, Properties>();
  if (!features.get<Features>().shaderIntegerDotProduct) return false;
  return wanted == "dot" || properties.get<Properties>().integerDotProduct4x8BitPackedSignedAccelerated;
}

Status create(Device& device, const QueriedDevice& queried, const VulkanOptions& options) {
  const std::string rung = environment("TRITIUM_VULKAN_RUNG").value_or("");
  if (!rung.empty() && rung != "base" && rung != "dot")
    return error(StatusCode::invalid_argument, "TRITIUM_VULKAN_RUNG=", rung, ": there is no such rung; base or dot");
  // The base kernels need no optional feature: they read everything as 32-bit words.
  std::vector<const char*> extensions;
  vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR machine_code = {.pipelineExecutableInfo = VK_TRUE};
  vk::PhysicalDeviceShaderIntegerDotProductFeatures dot = {.shaderIntegerDotProduct = VK_TRUE};
  void* features = nullptr;
  if (options.keep_machine_code) {
    constexpr const char* kMachineCode = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    if (!queried.offers(kMachineCode))
      return error(StatusCode::unsupported, queried.description.name, " does not show machine code: its driver (",
                   queried.description.driver, ") lacks ", kMachineCode);
    extensions.push_back(kMachineCode);
    features = &machine_code;
    device.pipeline_flags = vk::PipelineCreateFlagBits::eCaptureStatisticsKHR |
                            vk::PipelineCreateFlagBits::eCaptureInternalRepresentationsKHR;
  }
  // A part of Vulkan 1.3; what a driver does not know of it, it passes over.
  constexpr const char* kDebugInformation = VK_KHR_SHADER_NON_SEMANTIC_INFO_EXTENSION_NAME;
  if (shader_build().debug_info && queried.offers(kDebugInformation)) extensions.push_back(kDebugInformation);
  device.dot_products = wants_dot_products(device.physical, queried, rung);
  if (device.dot_products) {
    if (queried.offers(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME))
      extensions.push_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    dot.pNext = features;
    features = &dot;
  }
  constexpr const char* kPortability = "VK_KHR_portability_subset";  // must be enabled where it is offered
  if (queried.offers(kPortability)) extensions.push_back(kPortability);
  constexpr float kPriority = 1.0f;
  const vk::DeviceQueueCreateInfo queue = {
      .queueFamilyIndex = queried.compute_family, .queueCount = 1, .pQueuePriorities = &kPriority};
  const vk::DeviceCreateInfo info = {.pNext = features,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue,
                                     .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                     .ppEnabledExtensionNames = extensions.data()};
  device.handle = vk::raii::Device(device.physical, info);
  device.queue_family = queried.compute_family;
  device.timestamp_bits = device.physical.getQueueFamilyProperties()[queried.compute_family].timestampValidBits;
  device.queue = device.handle.getQueue(queried.compute_family, 0);
  return Status();
}

}  // namespace

void Device::set_name(vk::ObjectType type, uint64_t object, const std::string& name) const {
  if (!instance->debug_utils) return;
  handle.setDebugUtilsObjectNameEXT({.objectType = type, .objectHandle = object, .pObjectName = name.c_str()});
}

Result<std::shared_ptr<Device>> open_device(const VulkanOptions& options) {
  Result<std::unique_ptr<Instance>> instance = open_instance({.validation = validation_wanted(options),
                                                              .on_validation_message = options.on_validation_message,
                                                              .log = options.log});
  if (!instance.ok()) return instance.status();
  auto handles = physical_devices(**instance);
  if (!handles.ok()) return handles.status();
  const auto queried = query_all(*handles);
  if (!queried.ok()) return queried.status();
  const Result<size_t> chosen = choose_device(descriptions_of(*queried), options.device_index);
  if (!chosen.ok()) return chosen.status();

  const QueriedDevice& choice = (*queried)[*chosen];
  auto device = std::make_shared<Device>();
  device->log = options.log;
  device->instance = std::move(*instance);
  device->description = choice.description;
  device->physical = std::move((*handles)[*chosen]);
  const Status status = device->health.guard("opening " + choice.description.name, [&] {
    read_limits(*device, choice);
    return create(*device, choice, options);
  });
  if (!status.ok()) return status;
  log_to(options.log, LogLevel::info,
         join("vulkan:", choice.description.index, " is ", choice.description.name, " (", choice.description.type, ", ",
              choice.description.driver, ")"));
  return device;
}

Result<std::vector<DeviceDescription>> list_devices() {
  const Result<std::unique_ptr<Instance>> instance = open_instance({});
  if (!instance.ok()) return instance.status();
  const auto handles = physical_devices(**instance);
  if (!handles.ok()) return handles.status();
  const auto queried = query_all(*handles);
  if (!queried.ok()) return queried.status();
  return descriptions_of(*queried);
}

}  // namespace tritium::vulkan
