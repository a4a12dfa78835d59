// Transfers: bytes between host memory and tensors, through a ring of upload memory and a readback buffer, in
// chunks: a weight of any size needs little host memory.
#pragma once

#include <functional>
#include <span>

#include "vulkan/commands/command_recorder.h"
#include "vulkan/memory/staging_ring.h"

namespace tritium::vulkan {

// Writes bytes [begin, begin + out.size()) of what is uploaded to `out`.
using ChunkWriter = std::function<void(uint64_t begin, std::span<std::byte> out)>;

// Throws what the driver throws.
class Transfers {
 public:
  Transfers(MemoryPool& pool, CommandRecorder& recorder, Submissions& submissions);

  // Takes effect among the recorded commands in the order of the calls; `write` is called before this
  // returns.
  void upload(const std::shared_ptr<VulkanBuffer>& to, uint64_t bytes, const ChunkWriter& write);
  // Submits, waits and reads.
  void download(const std::shared_ptr<VulkanBuffer>& from, std::span<std::byte> out);

 private:
  uint64_t take_staging(uint64_t bytes);

  MemoryPool& pool_;
  CommandRecorder& recorder_;
  Submissions& submissions_;
  StagingRing ring_;
  std::unique_ptr<MappedBuffer> staging_;
  std::unique_ptr<MappedBuffer> readback_;
};

}  // namespace tritium::vulkan
