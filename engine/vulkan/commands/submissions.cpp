#include "vulkan/commands/submissions.h"

#include <chrono>

#include "base/cancel.h"

namespace tritium::vulkan {
namespace {

// The host stays at most this far ahead: more would only hold memory.
constexpr size_t kInFlight = 4;
constexpr uint32_t kSetsPerPool = 512;
constexpr uint32_t kBuffersPerPool = 8 * kSetsPerPool;
constexpr uint64_t kWaitSliceNs = 20'000'000;
constexpr uint64_t kLastWaitNs = 2'000'000'000;  // for a lost device
constexpr double kPatience = 100;                // times what a submission should take at most

}  // namespace

Submissions::~Submissions() { wait_idle(); }

void Submissions::wait_idle() noexcept {
  try {
    if (!device_->health.lost()) return device_->handle.waitIdle();
    // One that hangs does not end; one that is only slow may yet.
    for (const auto& submission : in_flight_)
      (void)device_->handle.waitForFences(*submission->done, VK_TRUE, kLastWaitNs);
  } catch (...) {  // a lost device has nothing left to wait for
  }
}

std::unique_ptr<Submission> Submissions::make() {
  auto submission = std::make_unique<Submission>();
  submission->command_pool = vk::raii::CommandPool(
      device_->handle, {.flags = vk::CommandPoolCreateFlagBits::eTransient, .queueFamilyIndex = device_->queue_family});
  submission->done = vk::raii::Fence(device_->handle, vk::FenceCreateInfo{});
  return submission;
}

// The next of the submission's command buffers, made if there is none.
void Submissions::begin_buffer(Submission& submission) {
  if (submission.used == submission.buffers.size()) {
    vk::raii::CommandBuffers made(
        device_->handle,
        {.commandPool = *submission.command_pool, .level = vk::CommandBufferLevel::ePrimary, .commandBufferCount = 1});
    submission.buffers.push_back(std::move(made.front()));
  }
  ++submission.used;
  submission.commands().begin({.flags = recorded_ ? vk::CommandBufferUsageFlagBits::eSimultaneousUse
                                                  : vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
  submission.open = true;
}

void Submissions::end_buffer(Submission& submission) {
  if (!submission.open) return;
  submission.commands().end();
  submission.open = false;
  submission.sequence.push_back(*submission.commands());
}

// The submission being recorded; of recorded commands alone it needs no command buffer of its own.
Submission& Submissions::started() {
  if (recording_) return *recording_;
  if (recorded_) {
    recording_ = make();
    return *recording_;
  }
  while (in_flight_.size() >= kInFlight) wait(in_flight_.front()->number);
  std::unique_ptr<Submission> submission;
  if (idle_.empty()) {
    submission = make();
  } else {
    submission = std::move(idle_.back());
    idle_.pop_back();
  }
  submission->number = submitted_ + 1;
  recording_ = std::move(submission);
  return *recording_;
}

Submission& Submissions::current() {
  Submission& submission = started();
  if (!submission.open) begin_buffer(submission);
  return submission;
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

void Submissions::begin_recording(uint32_t most_marks) {
  auto recorded = std::make_shared<RecordedCommands>();
  if (most_marks > 0)
    recorded->marks =
        vk::raii::QueryPool(device_->handle, {.queryType = vk::QueryType::eTimestamp, .queryCount = most_marks});
  interrupted_ = std::move(recording_);
  recorded_ = std::move(recorded);
  if (most_marks > 0) current().commands().resetQueryPool(*recorded_->marks, 0, most_marks);
}

void Submissions::next_part() {
  if (!recording_) return;
  end_buffer(*recording_);
  recorded_->parts.push_back(std::move(recording_));
}

std::shared_ptr<const RecordedCommands> Submissions::end_recording() {
  next_part();
  recording_ = std::move(interrupted_);
  return std::exchange(recorded_, nullptr);
}

void Submissions::drop_recording() {
  recorded_ = nullptr;
  recording_ = std::move(interrupted_);
}

void Submissions::append(const std::shared_ptr<const RecordedCommands>& commands, const Submission& part) {
  Submission& submission = started();
  end_buffer(submission);
  submission.sequence.push_back(*part.commands());
  submission.kept.push_back(commands);
  submission.seconds += part.seconds;
  submission.counts += part.counts;
}

void Submissions::submit() {
  if (!recording_) return;
  std::unique_ptr<Submission> submission = std::move(recording_);
  end_buffer(*submission);
  device_->queue.submit(vk::SubmitInfo{.commandBufferCount = static_cast<uint32_t>(submission->sequence.size()),
                                       .pCommandBuffers = submission->sequence.data()},
                        *submission->done);
  submitted_ = submission->number;
  ++work_.submits;
  work_.dispatches += submission->counts.dispatches;
  work_.barriers += submission->counts.barriers;
  in_flight_.push_back(std::move(submission));
}

// A GPU that does not answer is taken as lost, long after what it was given should be done: not every driver has a
// watchdog of its own. What is cancelled stays in flight.
void Submissions::wait_for(const Submission& submission) {
  ++work_.waits;
  const auto begun = std::chrono::steady_clock::now();
  const double patience = device_->patience + kPatience * submission.seconds;
  while (device_->handle.waitForFences(*submission.done, VK_TRUE, kWaitSliceNs) == vk::Result::eTimeout) {
    check_cancelled();
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begun;
    if (waited.count() > patience) throw DeviceHung{waited.count()};
  }
}

void Submissions::wait(uint64_t number) {
  while (!in_flight_.empty() && in_flight_.front()->number <= number) {
    wait_for(*in_flight_.front());
    completed_ = in_flight_.front()->number;
    std::unique_ptr<Submission> finished = std::move(in_flight_.front());
    in_flight_.pop_front();
    recycle(std::move(finished));
  }
}

void Submissions::recycle(std::unique_ptr<Submission> submission) {
  submission->kept.clear();
  submission->sequence.clear();
  submission->seconds = 0;
  submission->counts = {};
  if (submission->used > 0) submission->command_pool.reset();
  submission->used = 0;
  device_->handle.resetFences(*submission->done);
  for (const vk::raii::DescriptorPool& pool : submission->descriptor_pools) pool.reset();
  submission->descriptor_pool = 0;
  idle_.push_back(std::move(submission));
}

}  // namespace tritium::vulkan
