#include "vulkan/memory/memory_pool.h"

#include <algorithm>
#include <stdexcept>

#include "base/available_memory.h"
#include "base/format_text.h"
#include "vulkan/device/device_query.h"

namespace tritium::vulkan {
namespace {

// A block is as large as all of its use before it, between these: a toy model takes little, a large one few
// allocations.
constexpr uint64_t kFirstBlock = uint64_t{16} << 20;
constexpr uint64_t kLastBlock = uint64_t{256} << 20;

constexpr vk::BufferUsageFlags kTensorUsage = vk::BufferUsageFlagBits::eStorageBuffer |
                                              vk::BufferUsageFlagBits::eTransferSrc |
                                              vk::BufferUsageFlagBits::eTransferDst;

}  // namespace

VulkanBuffer::~VulkanBuffer() {
  handle.clear();
  if (pool && !data) pool->give_back(*this);
}

MemoryPool::MemoryPool(std::shared_ptr<Device> device) : device_(std::move(device)) {}

MemoryPool::~MemoryPool() = default;

uint64_t MemoryPool::bytes_in_use() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

uint64_t MemoryPool::bytes_held() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& block : blocks_)
    if (block) bytes += block->free.size();
  return bytes;
}

uint64_t MemoryPool::available() const {
  std::vector<HeapDetails> heaps = heaps_of(device_->physical, device_->tells_budget);
  if (!device_->tells_budget)
    for (HeapDetails& heap : heaps) heap.used = bytes_in_use();
  const uint64_t of_heap = free_bytes(heaps);
  const bool shares_host = device_->properties.deviceType == vk::PhysicalDeviceType::eIntegratedGpu ||
                           device_->properties.deviceType == vk::PhysicalDeviceType::eCpu;
  const uint64_t of_host = available_memory();
  return shares_host && of_host > 0 ? std::min(of_heap, of_host) : of_heap;
}

Status MemoryPool::refused(uint64_t bytes, const std::string& name, const char* reason) const {
  return error(StatusCode::out_of_memory, name, ": ", bytes, " bytes of memory on ", device_->description.name, " ",
               reason, "; ", in_use_, " bytes are in use here, its heap has ", device_->description.memory_bytes);
}

Result<std::shared_ptr<VulkanBuffer>> MemoryPool::make_buffer(uint64_t bytes, const std::string& name, MemoryUse use) {
  const std::lock_guard lock(mutex_);
  if (bytes > device_->largest_buffer)
    return error(StatusCode::out_of_memory, name, ": ", bytes, " bytes are more than one buffer may have on ",
                 device_->description.name, " (", device_->largest_buffer, "); ", in_use_, " bytes are in use here, ",
                 "its heap has ", device_->description.memory_bytes);
  auto buffer = std::make_shared<VulkanBuffer>();
  buffer->bytes = std::max(kPadding, (bytes + kPadding - 1) / kPadding * kPadding);
  buffer->id = next_id_++;
  buffer->name = name;
  try {
    buffer->handle = vk::raii::Buffer(device_->handle, {.size = buffer->bytes, .usage = kTensorUsage});
    place(*buffer, buffer->handle.getMemoryRequirements(), use);
  } catch (const vk::OutOfDeviceMemoryError&) {
    return refused(bytes, name, "were refused by the driver");
  } catch (const vk::OutOfHostMemoryError&) {
    return refused(bytes, name, "were refused by the driver (host memory)");
  } catch (const vk::TooManyObjectsError&) {
    return refused(bytes, name, "were refused: the driver allows no more allocations");
  }
  buffer->pool = shared_from_this();  // from here on its destructor gives the memory back
  device_->set_name(buffer->handle, name);
  return buffer;
}

// In a block that is there.
std::optional<uint64_t> MemoryPool::find_room(const vk::MemoryRequirements& needs, MemoryUse use, size_t& block) {
  for (block = 0; block < blocks_.size(); ++block) {
    if (!blocks_[block] || blocks_[block]->dedicated || blocks_[block]->use != use) continue;
    if (const auto offset = blocks_[block]->free.take(needs.size, needs.alignment)) return offset;
  }
  return std::nullopt;
}

void MemoryPool::place(VulkanBuffer& buffer, const vk::MemoryRequirements& needs, MemoryUse use) {
  const uint32_t type = memory_type(needs.memoryTypeBits, vk::MemoryPropertyFlagBits::eDeviceLocal, {}, {});
  const bool large = needs.size > kLastBlock / 4;
  size_t block = blocks_.size();
  std::optional<uint64_t> offset;
  if (!large) offset = find_room(needs, use, block);
  if (!offset) {
    block = add_block(needs.size, type, use, large || use == MemoryUse::brief);
    offset = blocks_[block]->free.take(needs.size, needs.alignment);
  }
  buffer.block_ = block;
  buffer.block_offset_ = *offset;
  buffer.block_bytes_ = needs.size;
  try {
    buffer.handle.bindMemory(*blocks_[block]->memory, *offset);
  } catch (...) {
    blocks_[block]->free.give_back(*offset, needs.size);
    throw;
  }
  in_use_ += needs.size;
}

uint64_t MemoryPool::next_block_bytes(MemoryUse use) const {
  uint64_t all = 0;
  for (const auto& block : blocks_)
    if (block && !block->dedicated && block->use == use) all += block->free.size();
  return std::clamp(all, kFirstBlock, kLastBlock);
}

size_t MemoryPool::add_block(uint64_t bytes, uint32_t type, MemoryUse use, bool dedicated) {
  uint64_t size = bytes;
  if (!dedicated) size = std::max(bytes, std::min(next_block_bytes(use), device_->largest_buffer));
  auto block = std::make_unique<Block>();
  try {
    block->memory = vk::raii::DeviceMemory(device_->handle, {.allocationSize = size, .memoryTypeIndex = type});
  } catch (const vk::OutOfDeviceMemoryError&) {
    if (size == bytes) throw;
    size = bytes;  // a whole block does not fit any more, this buffer alone may
    block->memory = vk::raii::DeviceMemory(device_->handle, {.allocationSize = size, .memoryTypeIndex = type});
  }
  block->free = FreeList(size);
  block->use = use;
  block->dedicated = dedicated;
  const auto slot = std::ranges::find_if(blocks_, [](const auto& b) { return !b; });
  const auto index = static_cast<size_t>(slot - blocks_.begin());
  if (slot == blocks_.end()) blocks_.emplace_back();
  blocks_[index] = std::move(block);
  return index;
}

void MemoryPool::give_back(const VulkanBuffer& buffer) {
  const std::lock_guard lock(mutex_);
  Block& block = *blocks_[buffer.block_];
  block.free.give_back(buffer.block_offset_, buffer.block_bytes_);
  in_use_ -= buffer.block_bytes_;
  if (!block.free.empty()) return;
  // One empty block is kept, so that a session that comes and goes does not allocate each time.
  const auto spare = std::ranges::count_if(
      blocks_, [](const auto& b) { return b && !b->dedicated && b->use == MemoryUse::state && b->free.empty(); });
  if (block.dedicated || block.use != MemoryUse::state || spare > 1) blocks_[buffer.block_].reset();
}

uint32_t MemoryPool::memory_type(uint32_t allowed, vk::MemoryPropertyFlags needed, vk::MemoryPropertyFlags wanted,
                                 vk::MemoryPropertyFlags unwanted) const {
  const auto& memory = device_->memory;
  std::optional<uint32_t> best;
  int best_score = -1;
  uint64_t best_heap = 0;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    const auto flags = memory.memoryTypes[i].propertyFlags;
    if (!(allowed >> i & 1) || (flags & needed) != needed) continue;
    const int score = 2 * ((flags & wanted) == wanted) + !(flags & unwanted);
    const uint64_t heap = memory.memoryHeaps[memory.memoryTypes[i].heapIndex].size;
    if (best && (score < best_score || (score == best_score && heap <= best_heap))) continue;
    best = i;
    best_score = score;
    best_heap = heap;
  }
  if (!best) throw std::runtime_error("no memory type of the device fits");
  return *best;
}

vk::raii::DeviceMemory MemoryPool::host_memory(const vk::MemoryRequirements& needs,
                                               vk::MemoryPropertyFlags wanted) const {
  using Flag = vk::MemoryPropertyFlagBits;
  const uint32_t type =
      memory_type(needs.memoryTypeBits, Flag::eHostVisible | Flag::eHostCoherent, wanted, Flag::eDeviceLocal);
  return {device_->handle, {.allocationSize = needs.size, .memoryTypeIndex = type}};
}

std::shared_ptr<VulkanBuffer> MemoryPool::make_readable(uint64_t bytes, const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto buffer = std::make_shared<VulkanBuffer>();
  buffer->bytes = std::max(kPadding, (bytes + kPadding - 1) / kPadding * kPadding);
  buffer->id = next_id_++;
  buffer->name = name;
  buffer->handle = vk::raii::Buffer(device_->handle, {.size = buffer->bytes, .usage = kTensorUsage});
  buffer->own_ = host_memory(buffer->handle.getMemoryRequirements(), vk::MemoryPropertyFlagBits::eHostCached);
  buffer->handle.bindMemory(*buffer->own_, 0);
  buffer->data = static_cast<std::byte*>(buffer->own_.mapMemory(0, buffer->bytes));
  std::fill_n(buffer->data, buffer->bytes, std::byte{0});
  buffer->pool = shared_from_this();
  device_->set_name(buffer->handle, name);
  return buffer;
}

std::unique_ptr<MappedBuffer> MemoryPool::make_mapped(uint64_t bytes, MappedUse use, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const bool upload = use == MappedUse::upload;
  auto mapped = std::make_unique<MappedBuffer>();
  mapped->device = device_;
  mapped->bytes = bytes;
  mapped->id = next_id_++;
  mapped->handle = vk::raii::Buffer(
      device_->handle,
      {.size = bytes, .usage = upload ? vk::BufferUsageFlagBits::eTransferSrc : vk::BufferUsageFlagBits::eTransferDst});
  // Uploads are written once in order: write-combined memory of the host. Readback is read by the CPU:
  // cached.
  mapped->memory = host_memory(mapped->handle.getMemoryRequirements(),
                               upload ? vk::MemoryPropertyFlags() : vk::MemoryPropertyFlagBits::eHostCached);
  mapped->handle.bindMemory(*mapped->memory, 0);
  mapped->data = static_cast<std::byte*>(mapped->memory.mapMemory(0, bytes));
  device_->set_name(mapped->handle, name);
  return mapped;
}

}  // namespace tritium::vulkan
