#include "vulkan/submissions.h"

namespace tritium::vulkan {
namespace {

// The host stays at most this far ahead: more would only hold memory.
constexpr size_t kInFlight = 4;
constexpr uint32_t kSetsPerPool = 512;
constexpr uint32_t kBuffersPerPool = 8 * kSetsPerPool;
constexpr uint64_t kWaitSliceNs = 1'000'000'000;

}  // namespace

Submissions::~Submissions() { wait_idle(); }

void Submissions::wait_idle() noexcept {
  try {
    if (!device_->health.lost()) device_->handle.waitIdle();
  } catch (...) {  // a lost device has nothing left to wait for
  }
}

std::unique_ptr<Submission> Submissions::make() {
  auto submission = std::make_unique<Submission>();
  submission->command_pool = vk::raii::CommandPool(
      device_->handle, {.flags = vk::CommandPoolCreateFlagBits::eTransient, .queueFamilyIndex = device_->queue_family});
  vk::raii::CommandBuffers buffers(
      device_->handle,
      {.commandPool = *submission->command_pool, .level = vk::CommandBufferLevel::ePrimary, .commandBufferCount = 1});
  submission->commands = std::move(buffers.front());
  submission->done = vk::raii::Fence(device_->handle, vk::FenceCreateInfo{});
  return submission;
}

Submission& Submissions::current() {
  if (recording_) return *recording_;
  while (in_flight_.size() >= kInFlight) wait(in_flight_.front()->number);
  std::unique_ptr<Submission> submission;
  if (idle_.empty()) {
    submission = make();
  } else {
    submission = std::move(idle_.back());
    idle_.pop_back();
  }
  submission->number = submitted_ + 1;
  submission->commands.begin({.flags = vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
  recording_ = std::move(submission);
  return *recording_;
}

vk::DescriptorSet Submissions::make_set(vk::DescriptorSetLayout layout) {
  Submission& submission = current();
  for (;;) {
    if (submission.descriptor_pool == submission.descriptor_pools.size()) {
      const vk::DescriptorPoolSize size = {vk::DescriptorType::eStorageBuffer, kBuffersPerPool};
      submission.descriptor_pools.emplace_back(
          device_->handle,
          vk::DescriptorPoolCreateInfo{.maxSets = kSetsPerPool, .poolSizeCount = 1, .pPoolSizes = &size});
    }
    const vk::raii::DescriptorPool& pool = submission.descriptor_pools[submission.descriptor_pool];
    const vk::DescriptorSetAllocateInfo info = {
        .descriptorPool = *pool, .descriptorSetCount = 1, .pSetLayouts = &layout};
    // The C form: sets are freed with their pool, and a full pool is no exception.
    VkDescriptorSet set = VK_NULL_HANDLE;
    const VkResult result = device_->handle.getDispatcher()->vkAllocateDescriptorSets(
        *device_->handle, reinterpret_cast<const VkDescriptorSetAllocateInfo*>(&info), &set);
    if (result == VK_SUCCESS) return set;
    if (result != VK_ERROR_OUT_OF_POOL_MEMORY && result != VK_ERROR_FRAGMENTED_POOL)
      vk::throwResultException(static_cast<vk::Result>(result), "vkAllocateDescriptorSets");
    ++submission.descriptor_pool;
  }
}

void Submissions::submit() {
  if (!recording_) return;
  std::unique_ptr<Submission> submission = std::move(recording_);
  submission->commands.end();
  const vk::CommandBuffer commands = *submission->commands;
  device_->queue.submit(vk::SubmitInfo{.commandBufferCount = 1, .pCommandBuffers = &commands}, *submission->done);
  submitted_ = submission->number;
  in_flight_.push_back(std::move(submission));
}

void Submissions::wait(uint64_t number) {
  while (!in_flight_.empty() && in_flight_.front()->number <= number) {
    // No overall limit: a software driver may take minutes over a long prompt.
    while (device_->handle.waitForFences(*in_flight_.front()->done, VK_TRUE, kWaitSliceNs) == vk::Result::eTimeout) {
    }
    completed_ = in_flight_.front()->number;
    std::unique_ptr<Submission> finished = std::move(in_flight_.front());
    in_flight_.pop_front();
    recycle(std::move(finished));
  }
}

void Submissions::recycle(std::unique_ptr<Submission> submission) {
  submission->kept.clear();
  submission->command_pool.reset();
  device_->handle.resetFences(*submission->done);
  for (const vk::raii::DescriptorPool& pool : submission->descriptor_pools) pool.reset();
  submission->descriptor_pool = 0;
  idle_.push_back(std::move(submission));
}

}  // namespace tritium::vulkan
