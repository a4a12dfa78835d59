#include "vulkan/device/device_details.h"

#include <algorithm>

#include "base/format_text.h"
#include "vulkan/device/cooperative_matrix.h"
#include "vulkan/device/device_health.h"
#include "vulkan/device/device_query.h"
#include "vulkan/device/instance.h"

namespace tritium::vulkan {
namespace {

using Physical = vk::raii::PhysicalDevice;

void add_limits(const vk::PhysicalDeviceProperties& p, DeviceDetails& d) {
  const auto& l = p.limits;
  d.timestamp_period_ns = static_cast<double>(l.timestampPeriod);
  const auto add = [&](const char* name, uint64_t value) { d.numbers.emplace_back(name, value); };
  add("vendor_id", p.vendorID);
  add("device_id", p.deviceID);
  add("driver_version", p.driverVersion);
  add("max_compute_shared_memory", l.maxComputeSharedMemorySize);
  add("max_workgroup_invocations", l.maxComputeWorkGroupInvocations);
  add("max_workgroup_size_x", l.maxComputeWorkGroupSize[0]);
  add("max_workgroup_size_y", l.maxComputeWorkGroupSize[1]);
  add("max_workgroup_size_z", l.maxComputeWorkGroupSize[2]);
  add("max_workgroup_count_x", l.maxComputeWorkGroupCount[0]);
  add("max_workgroup_count_y", l.maxComputeWorkGroupCount[1]);
  add("max_workgroup_count_z", l.maxComputeWorkGroupCount[2]);
  add("max_storage_buffer_range", l.maxStorageBufferRange);
  add("min_storage_buffer_offset_alignment", l.minStorageBufferOffsetAlignment);
  add("max_push_constants", l.maxPushConstantsSize);
  add("max_memory_allocations", l.maxMemoryAllocationCount);
  add("max_storage_buffers_of_a_stage", l.maxPerStageDescriptorStorageBuffers);
  add("max_descriptor_sets", l.maxBoundDescriptorSets);
  add("buffer_image_granularity", l.bufferImageGranularity);
  add("non_coherent_atom", l.nonCoherentAtomSize);
  add("min_memory_map_alignment", l.minMemoryMapAlignment);
}

void add_properties(const Physical& device, const QueriedDevice& queried, DeviceDetails& d) {
  const auto add = [&](const char* name, uint64_t value) { d.numbers.emplace_back(name, value); };
  const auto chain = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceVulkan11Properties>();
  const auto& p11 = chain.get<vk::PhysicalDeviceVulkan11Properties>();
  add("subgroup_size", p11.subgroupSize);
  add("subgroup_stages", static_cast<VkShaderStageFlags>(p11.subgroupSupportedStages));
  add("subgroup_operations", static_cast<VkSubgroupFeatureFlags>(p11.subgroupSupportedOperations));
  add("max_memory_allocation", p11.maxMemoryAllocationSize);
  if (queried.offers(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
    const auto more =
        device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceSubgroupSizeControlProperties>();
    const auto& s = more.get<vk::PhysicalDeviceSubgroupSizeControlProperties>();
    add("min_subgroup_size", s.minSubgroupSize);
    add("max_subgroup_size", s.maxSubgroupSize);
    add("max_subgroups_of_a_workgroup", s.maxComputeWorkgroupSubgroups);
  }
  if (queried.offers(VK_KHR_MAINTENANCE_4_EXTENSION_NAME)) {
    const auto more = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceMaintenance4Properties>();
    add("max_buffer_size", more.get<vk::PhysicalDeviceMaintenance4Properties>().maxBufferSize);
  }
  if (queried.offers(VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME)) {
    const auto more =
        device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceShaderSMBuiltinsPropertiesNV>();
    add("shader_cores", more.get<vk::PhysicalDeviceShaderSMBuiltinsPropertiesNV>().shaderSMCount);
    add("warps_of_a_core", more.get<vk::PhysicalDeviceShaderSMBuiltinsPropertiesNV>().shaderWarpsPerSM);
  }
  if (queried.offers(VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME)) {
    const auto more = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceShaderCorePropertiesAMD>();
    const auto& c = more.get<vk::PhysicalDeviceShaderCorePropertiesAMD>();
    add("shader_cores", uint64_t{c.shaderEngineCount} * c.shaderArraysPerEngineCount * c.computeUnitsPerShaderArray);
  }
}

void add_dot_product(const Physical& device, const QueriedDevice& queried, DeviceDetails& d) {
  if (!queried.offers(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) return;
  const auto chain =
      device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceShaderIntegerDotProductProperties>();
  const auto& p = chain.get<vk::PhysicalDeviceShaderIntegerDotProductProperties>();
  const auto add = [&](const char* name, vk::Bool32 value) { d.features.emplace_back(name, value == VK_TRUE); };
  add("dot_4x8_packed_signed_accelerated", p.integerDotProduct4x8BitPackedSignedAccelerated);
  add("dot_4x8_packed_mixed_accelerated", p.integerDotProduct4x8BitPackedMixedSignednessAccelerated);
  add("dot_4x8_packed_signed_saturating_accelerated",
      p.integerDotProductAccumulatingSaturating4x8BitPackedSignedAccelerated);
  add("dot_8bit_signed_accelerated", p.integerDotProduct8BitSignedAccelerated);
}

void add_features(const Physical& device, const QueriedDevice& queried, DeviceDetails& d) {
  const auto chain = device.getFeatures2<vk::PhysicalDeviceFeatures2, vk::PhysicalDeviceVulkan11Features,
                                         vk::PhysicalDeviceVulkan12Features>();
  const auto& f = chain.get<vk::PhysicalDeviceFeatures2>().features;
  const auto& f11 = chain.get<vk::PhysicalDeviceVulkan11Features>();
  const auto& f12 = chain.get<vk::PhysicalDeviceVulkan12Features>();
  const auto add = [&](const char* name, vk::Bool32 value) { d.features.emplace_back(name, value == VK_TRUE); };
  add("robust_buffer_access", f.robustBufferAccess);
  add("shader_int16", f.shaderInt16);
  add("shader_int64", f.shaderInt64);
  add("shader_float64", f.shaderFloat64);
  add("storage_buffer_16bit", f11.storageBuffer16BitAccess);
  add("variable_pointers", f11.variablePointers);
  add("storage_buffer_8bit", f12.storageBuffer8BitAccess);
  add("shader_int8", f12.shaderInt8);
  add("shader_float16", f12.shaderFloat16);
  add("buffer_device_address", f12.bufferDeviceAddress);
  add("vulkan_memory_model", f12.vulkanMemoryModel);
  add("vulkan_memory_model_device_scope", f12.vulkanMemoryModelDeviceScope);
  add("timeline_semaphore", f12.timelineSemaphore);
  add("host_query_reset", f12.hostQueryReset);
  add("scalar_block_layout", f12.scalarBlockLayout);
  add("shader_buffer_int64_atomics", f12.shaderBufferInt64Atomics);
  add("shader_subgroup_extended_types", f12.shaderSubgroupExtendedTypes);
  add_dot_product(device, queried, d);
}

void add_memory(const Physical& device, const QueriedDevice& queried, DeviceDetails& d) {
  d.heaps = heaps_of(device, queried.offers(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME));
  const vk::PhysicalDeviceMemoryProperties memory = device.getMemoryProperties();
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    using Flag = vk::MemoryPropertyFlagBits;
    std::string text;
    for (const auto& [flag, name] : {std::pair{Flag::eDeviceLocal, "device local"},
                                     {Flag::eHostVisible, "host visible"},
                                     {Flag::eHostCoherent, "host coherent"},
                                     {Flag::eHostCached, "host cached"},
                                     {Flag::eLazilyAllocated, "lazily allocated"},
                                     {Flag::eDeviceCoherentAMD, "device coherent"}})
      if (memory.memoryTypes[i].propertyFlags & flag) text += (text.empty() ? "" : ", ") + std::string(name);
    d.memory_types.push_back({.heap = memory.memoryTypes[i].heapIndex, .properties = text});
  }
}

void add_queues(const Physical& device, DeviceDetails& d) {
  for (const vk::QueueFamilyProperties& family : device.getQueueFamilyProperties()) {
    std::string text = join(family.queueCount, " queues, timestamps of ", family.timestampValidBits, " bits");
    for (const auto& [flag, name] : {std::pair{vk::QueueFlagBits::eGraphics, ", graphics"},
                                     {vk::QueueFlagBits::eCompute, ", compute"},
                                     {vk::QueueFlagBits::eTransfer, ", transfer"},
                                     {vk::QueueFlagBits::eSparseBinding, ", sparse binding"}})
      if (family.queueFlags & flag) text += name;
    d.queue_families.push_back(text);
  }
}

}  // namespace

Result<DeviceDetails> device_details(int index) {
  const Result<std::unique_ptr<Instance>> instance = open_instance({});
  if (!instance.ok()) return instance.status();
  const auto devices = physical_devices(**instance);
  if (!devices.ok()) return devices.status();
  if (index < 0 || static_cast<size_t>(index) >= devices->size())
    return error(StatusCode::invalid_argument, "there is no vulkan:", index, "; there are ", devices->size());
  const Physical& device = (*devices)[static_cast<size_t>(index)];
  bool lost = false;
  try {
    const QueriedDevice queried = query_device(device, index);
    DeviceDetails d;
    d.description = queried.description;
    add_limits(device.getProperties(), d);
    add_memory(device, queried, d);
    add_queues(device, d);
    for (const vk::ExtensionProperties& e : queried.extensions) d.extensions.emplace_back(e.extensionName.data());
    std::ranges::sort(d.extensions);
    if (device.getProperties().apiVersion < VK_API_VERSION_1_2) return d;  // what follows asks in structs of 1.2
    add_properties(device, queried, d);
    add_features(device, queried, d);
    add_cooperative_matrices(**instance, device, queried, d);
    return d;
  } catch (...) {
    return status_of_exception("asking a Vulkan device for its details", lost);
  }
}

}  // namespace tritium::vulkan
