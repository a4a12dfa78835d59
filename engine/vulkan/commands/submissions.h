// Submissions: command buffers on their way through the device. One is recorded at a time; those in flight
// keep alive the buffers and descriptor sets they use, and are recycled when the device has finished them.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "vulkan/device/device.h"

namespace tritium::vulkan {

// What a command buffer holds.
struct CommandCounts {
  uint64_t dispatches = 0, barriers = 0;
  CommandCounts& operator+=(const CommandCounts& other) {
    dispatches += other.dispatches;
    barriers += other.barriers;
    return *this;
  }
};

struct Submission {
  uint64_t number = 0;  // 1, 2, 3 …
  vk::raii::CommandPool command_pool = nullptr;
  std::vector<vk::raii::CommandBuffer> buffers;
  size_t used = 0;  // of them, the last one being recorded where `open`
  bool open = false;
  std::vector<vk::CommandBuffer> sequence;  // what runs: own buffers, and recorded commands between them
  vk::raii::Fence done = nullptr;
  std::vector<vk::raii::DescriptorPool> descriptor_pools;
  size_t descriptor_pool = 0;  // the one sets are taken from
  std::vector<std::shared_ptr<const void>> kept;
  double seconds = 0;  // that it takes at most, as estimated
  CommandCounts counts;

  const vk::raii::CommandBuffer& commands() const { return buffers[used - 1]; }
};

// Commands that were recorded to run many times, in parts that each end before a driver's patience does.
struct RecordedCommands {
  std::vector<std::unique_ptr<Submission>> parts;
  // Where they note the time (CommandRecorder::mark()); none: nowhere.
  vk::raii::QueryPool marks = nullptr;
  uint32_t n_marks = 0;
};

// Throws what the driver throws.
class Submissions {
 public:
  explicit Submissions(std::shared_ptr<Device> device) : device_(std::move(device)) {}
  ~Submissions();

  // All that was submitted has run, or the device is lost.
  void wait_idle() noexcept;

  bool recording() const { return recording_ != nullptr; }
  // The submission being recorded, with a command buffer that takes commands; begins what there is none of.
  Submission& current();

  // What is recorded between the two calls becomes commands that run when they are asked to.
  // `most_marks`: times that they note; 0: none.
  void begin_recording(uint32_t most_marks = 0);
  std::shared_ptr<const RecordedCommands> end_recording();
  // In place of end_recording(): there are no such commands.
  void drop_recording();
  // Ends a part; the next command begins another.
  void next_part();
  // Those between begin_recording() and end_recording(), or null.
  RecordedCommands* recorded() const { return recorded_.get(); }
  bool recording_commands() const { return recorded_ != nullptr; }
  // Runs a part of recorded commands after what is recorded in current().
  void append(const std::shared_ptr<const RecordedCommands>& commands, const Submission& part);

  vk::DescriptorSet make_set(vk::DescriptorSetLayout layout);
  void submit();
  // Returns when submission `number` and all before it have completed; throws Cancelled while they have not.
  void wait(uint64_t number);
  // Number of the last submission known to have completed.
  uint64_t completed() const { return completed_; }
  uint64_t submitted() const { return submitted_; }
  // Until now: descriptors when they are written, the rest when it is submitted.
  const DeviceWork& work() const { return work_; }
  void count_pass() { ++work_.passes; }
  void set_work(const DeviceWork& work) { work_ = work; }
  void count_descriptors(uint64_t n) { work_.descriptor_writes += n; }

 private:
  std::unique_ptr<Submission> make();
  Submission& started();
  void begin_buffer(Submission& submission);
  void end_buffer(Submission& submission);
  void wait_for(const Submission& submission);
  void recycle(std::unique_ptr<Submission> submission);

  std::shared_ptr<Device> device_;
  std::unique_ptr<Submission> recording_;
  std::unique_ptr<Submission> interrupted_;  // what was being recorded before begin_recording()
  std::shared_ptr<RecordedCommands> recorded_;
  std::deque<std::unique_ptr<Submission>> in_flight_;  // oldest first
  std::vector<std::unique_ptr<Submission>> idle_;
  uint64_t submitted_ = 0;
  uint64_t completed_ = 0;
  DeviceWork work_;
};

}  // namespace tritium::vulkan
