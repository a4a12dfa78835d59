// CommandRecorder: the Recorder that launchers call. Records dispatches, copies and fills in order, with the
// barriers they need and the debug labels they are in, and ends a submission before it runs too long.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vulkan/commands/barrier_tracker.h"
#include "vulkan/commands/submissions.h"
#include "vulkan/memory/memory_pool.h"
#include "vulkan/pipelines/pipelines.h"
#include "vulkan/recorder.h"

namespace tritium::vulkan {

struct RecorderOptions {
  // A submission ends when it holds so much estimated work (recorder.h; of a software device, which nobody resets,
  // there may be any), or so many dispatches. Decoding a token stays one submission; a long prompt becomes several.
  double seconds = kLongestSubmission;
  uint64_t dispatches = 4096;
  // False only in the test that proves that validation notices a missing barrier.
  bool barriers = true;
};

class CommandRecorder final : public Recorder {
 public:
  CommandRecorder(std::shared_ptr<Device> device, std::shared_ptr<VulkanBuffer> absent, Pipelines& pipelines,
                  Submissions& submissions, const RecorderOptions& options);

  Status dispatch(const Dispatch& dispatch) override;
  const Limits& limits() const override { return device_->limits; }
  Result<Tensor> scratch(int64_t n) override;

  // What the operation that is recorded next takes at most.
  void expect(double seconds) { expected_ = seconds; }

  // These throw what the driver throws.
  void fill_zero(const std::shared_ptr<VulkanBuffer>& buffer);
  void copy_in(const MappedBuffer& from, uint64_t from_offset, const std::shared_ptr<VulkanBuffer>& to,
               uint64_t to_offset, uint64_t bytes);
  // What is copied out may be read by the host once the submission has completed.
  void copy_out(const std::shared_ptr<VulkanBuffer>& from, uint64_t from_offset, const MappedBuffer& to,
                uint64_t bytes);
  void submit();

  // Records what `record` dispatches, to run whenever replay() is called; nothing else may be recorded meanwhile.
  // `most_marks`: so often may it call mark().
  Status record_commands(const std::function<Status()>& record, std::shared_ptr<const RecordedCommands>& commands,
                         uint32_t most_marks = 0);
  // The commands note the time when everything before has run.
  void mark();
  void replay(const std::shared_ptr<const RecordedCommands>& commands);

  void push_label(std::string_view name) { labels_.emplace_back(name); }
  void pop_label();

 private:
  struct Window {
    const VulkanBuffer* buffer = nullptr;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };

  Status record(const Dispatch& dispatch);
  Status check(const Dispatch& dispatch, const LoadedKernel& kernel) const;
  Result<Window> window_of(const Binding& binding, const std::string& kernel, size_t index) const;
  vk::DescriptorSet make_set(const LoadedKernel& kernel, const std::vector<Window>& windows);
  const vk::raii::CommandBuffer& begin_command(Stage stage, std::span<const Touch> touches);
  void open_labels();
  void close_labels();
  void separate();
  // Between what runs in the stages `after` and what will in `before`: compute and transfers, unless it is said.
  void put_barrier(vk::PipelineStageFlags after, const vk::MemoryBarrier& barrier,
                   vk::PipelineStageFlags before = vk::PipelineStageFlagBits::eComputeShader |
                                                   vk::PipelineStageFlagBits::eTransfer);
  void end_if_long(const Dispatch& dispatch);

  std::shared_ptr<Device> device_;
  std::shared_ptr<VulkanBuffer> absent_;   // bound for tensors that are not there, where nothing is written
  std::shared_ptr<VulkanBuffer> scratch_;  // replaced by a larger one when an operation needs more
  Pipelines& pipelines_;
  Submissions& submissions_;
  RecorderOptions options_;
  BarrierTracker tracker_;
  std::vector<std::string> labels_;
  size_t open_labels_ = 0;       // how many of them are open in the command buffer being recorded
  double expected_ = 0;          // of the operation that is being recorded, what no dispatch has claimed
  double seconds_ = 0;           // recorded since the last submission
  uint64_t dispatches_ = 0;      // likewise
  std::vector<Window> windows_;  // of the dispatch being recorded; kept for their capacity
  std::vector<Touch> touches_;
};

}  // namespace tritium::vulkan
