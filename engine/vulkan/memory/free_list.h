// FreeList: hands out ranges of one memory block and takes them back. Pure arithmetic; memory_pool.h owns the
// memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace tritium::vulkan {

class FreeList {
 public:
  explicit FreeList(uint64_t size) : size_(size) { free_[0] = size; }

  // The start of `bytes` free bytes at a multiple of `alignment`: the smallest hole that fits, so that large
  // ones last.
  std::optional<uint64_t> take(uint64_t bytes, uint64_t alignment);
  // Gives back exactly what take() handed out; neighbouring holes become one.
  void give_back(uint64_t begin, uint64_t bytes);

  uint64_t size() const { return size_; }
  bool empty() const { return free_.size() == 1 && free_.begin()->second == size_; }
  uint64_t free_bytes() const;
  size_t holes() const { return free_.size(); }

 private:
  uint64_t size_;
  std::map<uint64_t, uint64_t> free_;  // begin -> bytes
};

}  // namespace tritium::vulkan
