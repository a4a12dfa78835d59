// Submissions: command buffers on their way through the device. One is recorded at a time; those in flight
// keep alive the buffers and descriptor sets they use, and are recycled when the device has finished them.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "vulkan/device.h"

namespace tritium::vulkan {

struct Submission {
  uint64_t number = 0;  // 1, 2, 3 …
  vk::raii::CommandPool command_pool = nullptr;
  vk::raii::CommandBuffer commands = nullptr;
  vk::raii::Fence done = nullptr;
  std::vector<vk::raii::DescriptorPool> descriptor_pools;
  size_t descriptor_pool = 0;  // the one sets are taken from
  std::vector<std::shared_ptr<Buffer>> kept;
};

// Throws what the driver throws.
class Submissions {
 public:
  explicit Submissions(std::shared_ptr<Device> device) : device_(std::move(device)) {}
  ~Submissions();

  // All that was submitted has run, or the device is lost.
  void wait_idle() noexcept;

  bool recording() const { return recording_ != nullptr; }
  // The submission being recorded; begins one when there is none.
  Submission& current();
  vk::DescriptorSet make_set(vk::DescriptorSetLayout layout);
  void submit();
  // Returns when submission `number` and all before it have completed.
  void wait(uint64_t number);
  // Number of the last submission known to have completed.
  uint64_t completed() const { return completed_; }
  uint64_t submitted() const { return submitted_; }

 private:
  std::unique_ptr<Submission> make();
  void recycle(std::unique_ptr<Submission> submission);

  std::shared_ptr<Device> device_;
  std::unique_ptr<Submission> recording_;
  std::deque<std::unique_ptr<Submission>> in_flight_;  // oldest first
  std::vector<std::unique_ptr<Submission>> idle_;
  uint64_t submitted_ = 0;
  uint64_t completed_ = 0;
};

}  // namespace tritium::vulkan
