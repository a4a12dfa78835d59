#include "vulkan/device/device_query.h"

#include <algorithm>

#include "base/format_text.h"

namespace tritium::vulkan {
namespace {

std::string type_of(vk::PhysicalDeviceType type) {
  switch (type) {
    case vk::PhysicalDeviceType::eDiscreteGpu: return "discrete gpu";
    case vk::PhysicalDeviceType::eIntegratedGpu: return "integrated gpu";
    case vk::PhysicalDeviceType::eVirtualGpu: return "virtual gpu";
    case vk::PhysicalDeviceType::eCpu: return "cpu";
    default: return "other";
  }
}

std::string version_text(uint32_t version) {
  return join(VK_API_VERSION_MAJOR(version), ".", VK_API_VERSION_MINOR(version), ".", VK_API_VERSION_PATCH(version));
}

// The family with the fewest other abilities that computes: on GPUs with such a queue it is not shared with
// graphics.
std::optional<uint32_t> compute_family(const vk::raii::PhysicalDevice& device) {
  const auto families = device.getQueueFamilyProperties();
  std::optional<uint32_t> best;
  for (uint32_t i = 0; i < families.size(); ++i) {
    if (!(families[i].queueFlags & vk::QueueFlagBits::eCompute)) continue;
    const bool graphics = static_cast<bool>(families[i].queueFlags & vk::QueueFlagBits::eGraphics);
    if (!best || !graphics) best = i;
    if (!graphics) break;
  }
  return best;
}

uint64_t device_local_bytes(const vk::raii::PhysicalDevice& device) {
  const auto memory = device.getMemoryProperties();
  uint64_t largest = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & vk::MemoryHeapFlagBits::eDeviceLocal)
      largest = std::max<uint64_t>(largest, memory.memoryHeaps[i].size);
  return largest;
}

std::string dot_product_text(const vk::raii::PhysicalDevice& device, const QueriedDevice& queried) {
  if (!queried.offers(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) return "no integer dot product";
  const auto chain =
      device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceShaderIntegerDotProductProperties>();
  const auto& dot = chain.get<vk::PhysicalDeviceShaderIntegerDotProductProperties>();
  return dot.integerDotProduct4x8BitPackedSignedAccelerated ? "integer dot product, accelerated"
                                                            : "integer dot product, not accelerated";
}

std::string subgroup_text(const vk::PhysicalDeviceVulkan11Properties& properties) {
  std::string text = join("subgroups of ", properties.subgroupSize);
  const bool compute = static_cast<bool>(properties.subgroupSupportedStages & vk::ShaderStageFlagBits::eCompute);
  const bool arithmetic =
      static_cast<bool>(properties.subgroupSupportedOperations & vk::SubgroupFeatureFlagBits::eArithmetic);
  return text + (compute && arithmetic ? " with arithmetic" : " without arithmetic");
}

std::vector<std::string> features_of(const vk::raii::PhysicalDevice& device, const QueriedDevice& queried) {
  const auto properties = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceVulkan11Properties>();
  const auto features = device.getFeatures2<vk::PhysicalDeviceFeatures2, vk::PhysicalDeviceVulkan11Features,
                                            vk::PhysicalDeviceVulkan12Features>();
  const auto& limits = properties.get<vk::PhysicalDeviceProperties2>().properties.limits;
  const auto& f11 = features.get<vk::PhysicalDeviceVulkan11Features>();
  const auto& f12 = features.get<vk::PhysicalDeviceVulkan12Features>();
  std::vector<std::string> text = {subgroup_text(properties.get<vk::PhysicalDeviceVulkan11Properties>())};
  const auto add_if = [&](bool present, const char* name) {
    if (present) text.emplace_back(name);
  };
  add_if(f11.storageBuffer16BitAccess, "16-bit storage");
  add_if(f12.storageBuffer8BitAccess, "8-bit storage");
  add_if(f12.shaderInt8, "int8");
  add_if(f12.shaderFloat16, "fp16");
  text.push_back(dot_product_text(device, queried));
  add_if(queried.offers("VK_KHR_cooperative_matrix"), "cooperative matrix");
  add_if(f12.timelineSemaphore, "timeline semaphores");
  add_if(limits.timestampComputeAndGraphics && limits.timestampPeriod > 0, "timestamps");
  text.push_back(join("storage range ", limits.maxStorageBufferRange / (1 << 20), " MiB"));
  text.push_back(join("shared memory ", limits.maxComputeSharedMemorySize / 1024, " KiB"));
  return text;
}

}  // namespace

bool QueriedDevice::offers(std::string_view extension) const {
  return std::ranges::any_of(extensions, [&](const auto& e) { return extension == e.extensionName.data(); });
}

std::vector<HeapDetails> heaps_of(const vk::raii::PhysicalDevice& device, bool budgets) {
  using Budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT;
  const auto memory = device.getMemoryProperties();
  Budget budget;
  if (budgets) budget = device.getMemoryProperties2<vk::PhysicalDeviceMemoryProperties2, Budget>().get<Budget>();
  std::vector<HeapDetails> heaps;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    heaps.push_back({.bytes = memory.memoryHeaps[i].size,
                     .device_local = bool(memory.memoryHeaps[i].flags & vk::MemoryHeapFlagBits::eDeviceLocal),
                     .budget = budget.heapBudget[i],
                     .used = budget.heapUsage[i]});
  return heaps;
}

QueriedDevice query_device(const vk::raii::PhysicalDevice& device, int index) {
  const vk::PhysicalDeviceProperties properties = device.getProperties();
  QueriedDevice queried;
  DeviceDescription& d = queried.description;
  d.index = index;
  d.name = properties.deviceName.data();
  d.api_version = version_text(properties.apiVersion);
  d.type = type_of(properties.deviceType);
  d.software = properties.deviceType == vk::PhysicalDeviceType::eCpu;
  d.memory_bytes = device_local_bytes(device);

  const auto family = compute_family(device);
  queried.compute_family = family.value_or(0);
  d.unusable_reason = why_unusable({.api_version = properties.apiVersion,
                                    .compute_queue = family.has_value(),
                                    .storage_buffers = properties.limits.maxPerStageDescriptorStorageBuffers,
                                    .workgroup_invocations = properties.limits.maxComputeWorkGroupInvocations,
                                    .shared_memory_bytes = properties.limits.maxComputeSharedMemorySize});
  d.usable = d.unusable_reason.empty();
  if (properties.apiVersion < VK_API_VERSION_1_2) return queried;  // the structs below are of 1.2

  queried.extensions = device.enumerateDeviceExtensionProperties();
  const auto chain = device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceVulkan12Properties>();
  const auto& p12 = chain.get<vk::PhysicalDeviceVulkan12Properties>();
  d.driver = join(p12.driverName.data(), " ", p12.driverInfo.data());
  d.features = features_of(device, queried);
  return queried;
}

}  // namespace tritium::vulkan
