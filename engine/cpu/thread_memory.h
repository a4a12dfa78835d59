// Memory for what a thread makes for itself within a piece of a loop: stacks are the application's, and may be small.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace tritium {

class ThreadMemory {
 public:
  // Of a pool of so many threads, at most so many pieces run at once.
  explicit ThreadMemory(int threads)
      : memory_(static_cast<size_t>(threads)), taken_(std::make_unique<std::atomic<bool>[]>(memory_.size())) {}

  // Before a loop: so many words for each thread. Throws std::bad_alloc.
  void reserve(int64_t words) {
    for (std::vector<uint32_t>& memory : memory_)
      if (std::ssize(memory) < words + kLine) memory.resize(static_cast<size_t>(words + kLine));
  }

  // A thread's, until its end.
  class Part {
   public:
    Part(uint32_t* words, std::atomic<bool>* taken) : words_(words), taken_(taken) {}
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    ~Part() { taken_->store(false, std::memory_order_release); }
    // Of a cache line's alignment.
    uint32_t* words() const { return words_; }

   private:
    uint32_t* words_;
    std::atomic<bool>* taken_;
  };
  Part take() noexcept {
    for (size_t i = 0;; i = i + 1 == memory_.size() ? 0 : i + 1) {
      if (taken_[i].exchange(true, std::memory_order_acquire)) continue;
      const auto address = reinterpret_cast<uintptr_t>(memory_[i].data());
      return {memory_[i].data() + (kLine * 4 - address % (kLine * 4)) % (kLine * 4) / 4, &taken_[i]};
    }
  }

 private:
  static constexpr int64_t kLine = 16;  // words

  std::vector<std::vector<uint32_t>> memory_;
  std::unique_ptr<std::atomic<bool>[]> taken_;
};

}  // namespace tritium
