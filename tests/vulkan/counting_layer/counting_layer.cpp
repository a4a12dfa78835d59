// A Vulkan layer that counts what an application asks of a device: beside what the application counts itself. When the
// device goes, the counts are written as JSON to the file that TRITIUM_COUNTS names.
//   dispatches, barriers: of command buffers, each as often as it is submitted; descriptor_writes: buffers written into
//   descriptor sets; submits; waits: for fences, that ended; recordings: command buffers begun; allocations: of memory,
//   buffers, descriptor sets, command buffers and pipelines
//   host_us, submit_us: processor time of the waiting thread from the end of a wait to the next one, outside and inside
//   of submissions: medians of the last hundred
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <vector>

namespace {

struct Counts {
  uint64_t dispatches = 0, barriers = 0, copies = 0;
};

struct Totals : Counts {
  uint64_t descriptor_writes = 0, submits = 0, waits = 0, recordings = 0, allocations = 0;
};

std::mutex mutex;
std::map<VkCommandBuffer, Counts> buffers;
Totals totals;
PFN_vkGetInstanceProcAddr next_instance_proc = nullptr;
PFN_vkGetDeviceProcAddr next_device_proc = nullptr;
VkInstance instance_of_calls = VK_NULL_HANDLE;
VkDevice device_of_calls = VK_NULL_HANDLE;

double thread_us() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) * 1e-3;
}

// What a thread does between two waits.
thread_local double waited_until = 0, submitting = 0;
thread_local bool has_waited = false;
std::vector<double> host_us, submit_us;

double median_of_last(std::vector<double> times) {
  constexpr size_t kLast = 100;
  if (times.size() > kLast) times.erase(times.begin(), times.end() - kLast);
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

// The next layer's function, or the driver's.
template <typename Function>
Function below(const char* name) {
  return reinterpret_cast<Function>(next_device_proc(device_of_calls, name));
}
#define BELOW(name) below<PFN_##name>(#name)

void write_counts() {
  const char* path = std::getenv("TRITIUM_COUNTS");
  std::FILE* file = path ? std::fopen(path, "w") : nullptr;
  if (!file) return;
  const auto print = [&](const char* name, uint64_t n, const char* end) {
    std::fprintf(file, "\"%s\": %llu%s", name, static_cast<unsigned long long>(n), end);
  };
  std::fputs("{", file);
  print("dispatches", totals.dispatches, ", ");
  print("barriers", totals.barriers, ", ");
  print("copies", totals.copies, ", ");
  print("descriptor_writes", totals.descriptor_writes, ", ");
  print("submits", totals.submits, ", ");
  print("waits", totals.waits, ", ");
  print("recordings", totals.recordings, ", ");
  print("allocations", totals.allocations, ", ");
  std::fprintf(file, "\"host_us\": %.1f, \"submit_us\": %.1f}\n", median_of_last(host_us), median_of_last(submit_us));
  std::fclose(file);
}

// ---- commands

VKAPI_ATTR VkResult VKAPI_CALL begin_command_buffer(VkCommandBuffer buffer, const VkCommandBufferBeginInfo* info) {
  {
    const std::lock_guard lock(mutex);
    buffers[buffer] = {};
    ++totals.recordings;
  }
  return BELOW(vkBeginCommandBuffer)(buffer, info);
}

VKAPI_ATTR void VKAPI_CALL cmd_dispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y, uint32_t z) {
  {
    const std::lock_guard lock(mutex);
    ++buffers[buffer].dispatches;
  }
  BELOW(vkCmdDispatch)(buffer, x, y, z);
}

VKAPI_ATTR void VKAPI_CALL cmd_pipeline_barrier(VkCommandBuffer buffer, VkPipelineStageFlags after,
                                                VkPipelineStageFlags before, VkDependencyFlags flags, uint32_t n_memory,
                                                const VkMemoryBarrier* memory, uint32_t n_buffers,
                                                const VkBufferMemoryBarrier* of_buffers, uint32_t n_images,
                                                const VkImageMemoryBarrier* of_images) {
  {
    const std::lock_guard lock(mutex);
    ++buffers[buffer].barriers;
  }
  BELOW(vkCmdPipelineBarrier)
  (buffer, after, before, flags, n_memory, memory, n_buffers, of_buffers, n_images, of_images);
}

VKAPI_ATTR void VKAPI_CALL cmd_copy_buffer(VkCommandBuffer buffer, VkBuffer from, VkBuffer to, uint32_t n,
                                           const VkBufferCopy* regions) {
  {
    const std::lock_guard lock(mutex);
    ++buffers[buffer].copies;
  }
  BELOW(vkCmdCopyBuffer)(buffer, from, to, n, regions);
}

VKAPI_ATTR VkResult VKAPI_CALL queue_submit(VkQueue queue, uint32_t n, const VkSubmitInfo* submits, VkFence fence) {
  {
    const std::lock_guard lock(mutex);
    for (uint32_t i = 0; i < n; ++i) {
      ++totals.submits;
      for (uint32_t b = 0; b < submits[i].commandBufferCount; ++b) {
        const Counts& counts = buffers[submits[i].pCommandBuffers[b]];
        totals.dispatches += counts.dispatches;
        totals.barriers += counts.barriers;
        totals.copies += counts.copies;
      }
    }
  }
  const double begun = thread_us();
  const VkResult result = BELOW(vkQueueSubmit)(queue, n, submits, fence);
  submitting += thread_us() - begun;
  return result;
}

VKAPI_ATTR VkResult VKAPI_CALL wait_for_fences(VkDevice device, uint32_t n, const VkFence* fences, VkBool32 all,
                                               uint64_t timeout) {
  const double between = thread_us() - waited_until - submitting;
  const VkResult result = BELOW(vkWaitForFences)(device, n, fences, all, timeout);
  const std::lock_guard lock(mutex);
  if (has_waited) host_us.push_back(between), submit_us.push_back(submitting);
  if ((has_waited = result == VK_SUCCESS)) ++totals.waits;
  submitting = 0, waited_until = thread_us();
  return result;
}

VKAPI_ATTR void VKAPI_CALL update_descriptor_sets(VkDevice device, uint32_t n, const VkWriteDescriptorSet* writes,
                                                  uint32_t n_copies, const VkCopyDescriptorSet* copies) {
  {
    const std::lock_guard lock(mutex);
    for (uint32_t i = 0; i < n; ++i) totals.descriptor_writes += writes[i].descriptorCount;
  }
  BELOW(vkUpdateDescriptorSets)(device, n, writes, n_copies, copies);
}

// ---- what is allocated

template <typename Function>
struct Counted;
template <typename Result, typename... Args>
struct Counted<Result(VKAPI_PTR*)(Args...)> {
  template <const char* name>
  static VKAPI_ATTR Result VKAPI_CALL call(Args... args) {
    {
      const std::lock_guard lock(mutex);
      ++totals.allocations;
    }
    return below<Result(VKAPI_PTR*)(Args...)>(name)(args...);
  }
};

constexpr char kAllocateMemory[] = "vkAllocateMemory", kCreateBuffer[] = "vkCreateBuffer",
               kAllocateSets[] = "vkAllocateDescriptorSets", kAllocateCommands[] = "vkAllocateCommandBuffers",
               kCreatePipelines[] = "vkCreateComputePipelines", kCreatePool[] = "vkCreateDescriptorPool";

// ---- the layer

VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice device, const VkAllocationCallbacks* allocator) {
  {
    const std::lock_guard lock(mutex);
    write_counts();
  }
  BELOW(vkDestroyDevice)(device, allocator);
}

template <typename Info>
Info* link_of(const void* next, VkStructureType type) {
  auto* info = static_cast<const Info*>(next);
  while (info && !(info->sType == type && info->function == VK_LAYER_LINK_INFO))
    info = static_cast<const Info*>(info->pNext);
  return const_cast<Info*>(info);
}

VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo* info, const VkAllocationCallbacks* allocator,
                                               VkInstance* instance) {
  auto* link = link_of<VkLayerInstanceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const auto create = reinterpret_cast<PFN_vkCreateInstance>(next_instance_proc(nullptr, "vkCreateInstance"));
  const VkResult result = create(info, allocator, instance);
  instance_of_calls = *instance;
  return result;
}

VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo* info,
                                             const VkAllocationCallbacks* allocator, VkDevice* device) {
  auto* link = link_of<VkLayerDeviceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  const auto instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const auto create = reinterpret_cast<PFN_vkCreateDevice>(instance_proc(instance_of_calls, "vkCreateDevice"));
  const VkResult result = create(physical, info, allocator, device);
  const std::lock_guard lock(mutex);
  device_of_calls = *device;
  totals = {};
  return result;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char* name);
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance instance, const char* name);

PFN_vkVoidFunction own(const char* name) {
#define OWN(vulkan, ours) \
  if (std::strcmp(name, #vulkan) == 0) return reinterpret_cast<PFN_vkVoidFunction>(ours);
#define COUNTED(vulkan, constant) OWN(vulkan, (&Counted<PFN_##vulkan>::call<constant>))
  OWN(vkGetInstanceProcAddr, instance_proc)
  OWN(vkGetDeviceProcAddr, device_proc)
  OWN(vkCreateInstance, create_instance)
  OWN(vkCreateDevice, create_device)
  OWN(vkDestroyDevice, destroy_device)
  OWN(vkBeginCommandBuffer, begin_command_buffer)
  OWN(vkCmdDispatch, cmd_dispatch)
  OWN(vkCmdPipelineBarrier, cmd_pipeline_barrier)
  OWN(vkCmdCopyBuffer, cmd_copy_buffer)
  OWN(vkQueueSubmit, queue_submit)
  OWN(vkWaitForFences, wait_for_fences)
  OWN(vkUpdateDescriptorSets, update_descriptor_sets)
  COUNTED(vkAllocateMemory, kAllocateMemory)
  COUNTED(vkCreateBuffer, kCreateBuffer)
  COUNTED(vkAllocateDescriptorSets, kAllocateSets)
  COUNTED(vkAllocateCommandBuffers, kAllocateCommands)
  COUNTED(vkCreateComputePipelines, kCreatePipelines)
  COUNTED(vkCreateDescriptorPool, kCreatePool)
  return nullptr;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char* name) {
  if (const auto function = own(name)) return function;
  return next_device_proc(device, name);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance instance, const char* name) {
  if (const auto function = own(name)) return function;
  return next_instance_proc ? next_instance_proc(instance, name) : nullptr;
}

}  // namespace

extern "C" VK_LAYER_EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* versions) {
  versions->loaderLayerInterfaceVersion = 2;
  versions->pfnGetInstanceProcAddr = instance_proc;
  versions->pfnGetDeviceProcAddr = device_proc;
  versions->pfnGetPhysicalDeviceProcAddr = nullptr;
  return VK_SUCCESS;
}
