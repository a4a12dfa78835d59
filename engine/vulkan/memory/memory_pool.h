// MemoryPool: device memory in large blocks, and the buffers cut out of them. Each tensor is a VkBuffer of
// its own, so windows and debugger views start at zero.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ops/tensor.h"
#include "vulkan/device/device.h"
#include "vulkan/memory/free_list.h"

namespace tritium::vulkan {

class MemoryPool;

// Buffers are padded to a multiple of this many bytes.
inline constexpr uint64_t kPadding = 16;

// Memory of one tensor. May be destroyed on any thread, but only after the device has finished with it:
// recorded commands hold a handle until then.
class VulkanBuffer final : public Buffer, public std::enable_shared_from_this<VulkanBuffer> {
 public:
  ~VulkanBuffer() override;

  std::shared_ptr<MemoryPool> pool;
  vk::raii::Buffer handle = nullptr;
  uint64_t bytes = 0;  // a multiple of kPadding
  uint64_t id = 0;     // never used twice
  std::string name;
  std::byte* data = nullptr;  // where the host reads it, of make_readable()

 private:
  friend class MemoryPool;
  vk::raii::DeviceMemory own_ = nullptr;  // of make_readable()
  size_t block_ = 0;
  uint64_t block_offset_ = 0;
  uint64_t block_bytes_ = 0;
};

// Host memory that the device can copy from or to, mapped for as long as it lives.
struct MappedBuffer {
  std::shared_ptr<Device> device;
  vk::raii::DeviceMemory memory = nullptr;
  vk::raii::Buffer handle = nullptr;  // destroyed before its memory
  std::byte* data = nullptr;
  uint64_t bytes = 0;
  uint64_t id = 0;
};

enum class MappedUse { upload, readback };
// Of a buffer. Weights lie in blocks of their own, which are given back when a model leaves; brief ones do not make the
// pool take more memory than they need, nor keep it.
enum class MemoryUse { state, weights, brief };

// Thread rule: any thread. The methods throw what the driver throws, except for running out of memory.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  explicit MemoryPool(std::shared_ptr<Device> device);
  ~MemoryPool();

  // Not zeroed. out_of_memory names the tensor and the numbers.
  Result<std::shared_ptr<VulkanBuffer>> make_buffer(uint64_t bytes, const std::string& name,
                                                    MemoryUse use = MemoryUse::state);
  // Zeroed memory of the host's that operations write: small results that are read without a copy.
  std::shared_ptr<VulkanBuffer> make_readable(uint64_t bytes, const std::string& name);
  std::unique_ptr<MappedBuffer> make_mapped(uint64_t bytes, MappedUse use, const std::string& name);
  uint64_t bytes_in_use() const;
  uint64_t bytes_held() const;  // from the driver: blocks, with what is free in them
  // What may still be allocated; of a device that shares the host's memory, no more than that has.
  uint64_t available() const;

 private:
  friend class VulkanBuffer;
  struct Block {
    vk::raii::DeviceMemory memory = nullptr;
    FreeList free{0};
    MemoryUse use = MemoryUse::state;
    bool dedicated = false;  // to one buffer
  };

  vk::raii::DeviceMemory host_memory(const vk::MemoryRequirements& needs, vk::MemoryPropertyFlags wanted) const;
  void place(VulkanBuffer& buffer, const vk::MemoryRequirements& needs, MemoryUse use);
  std::optional<uint64_t> find_room(const vk::MemoryRequirements& needs, MemoryUse use, size_t& block);
  size_t add_block(uint64_t bytes, uint32_t type, MemoryUse use, bool dedicated);
  uint64_t next_block_bytes(MemoryUse use) const;
  void give_back(const VulkanBuffer& buffer);
  uint32_t memory_type(uint32_t allowed, vk::MemoryPropertyFlags needed, vk::MemoryPropertyFlags wanted,
                       vk::MemoryPropertyFlags unwanted) const;
  Status refused(uint64_t bytes, const std::string& name, const char* reason) const;

  std::shared_ptr<Device> device_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;  // a freed block leaves a null, so that indices stay
  uint64_t in_use_ = 0;
  uint64_t next_id_ = 1;
};

}  // namespace tritium::vulkan
