#include "vulkan/commands/command_recorder.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "base/cancel.h"
#include "base/format_text.h"

namespace tritium::vulkan {
namespace {

vk::MemoryBarrier memory_barrier(const Barrier& before) {
  using Access = vk::AccessFlagBits;
  vk::AccessFlags writes;
  if (before.compute_writes) writes |= Access::eShaderWrite;
  if (before.transfer_writes) writes |= Access::eTransferWrite;
  return {.srcAccessMask = writes,
          .dstAccessMask = Access::eShaderRead | Access::eShaderWrite | Access::eTransferRead | Access::eTransferWrite};
}

vk::PipelineStageFlags stages_before(const Barrier& before) {
  vk::PipelineStageFlags stages;
  if (before.compute) stages |= vk::PipelineStageFlagBits::eComputeShader;
  if (before.transfer) stages |= vk::PipelineStageFlagBits::eTransfer;
  return stages;
}

bool is_read_by_host(const Binding& binding) {
  return binding.access != Access::read && binding.tensor && *binding.tensor &&
         static_cast<const VulkanBuffer&>(*binding.tensor->buffer).data;
}

// Whether something is bound twice, and written.
bool overlap(std::span<const Touch> touches) {
  for (size_t i = 0; i < touches.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const Touch &a = touches[i], &b = touches[j];
      if (a.buffer == b.buffer && (a.write || b.write) && a.begin < b.end && b.begin < a.end) return true;
    }
  return false;
}

}  // namespace

CommandRecorder::CommandRecorder(std::shared_ptr<Device> device, std::shared_ptr<VulkanBuffer> absent,
                                 Pipelines& pipelines, Submissions& submissions, const RecorderOptions& options)
    : device_(std::move(device)),
      absent_(std::move(absent)),
      pipelines_(pipelines),
      submissions_(submissions),
      options_(options) {}

Status CommandRecorder::dispatch(const Dispatch& dispatch) {
  return device_->health.guard("recording a kernel", [&] { return record(dispatch); });
}

Result<Tensor> CommandRecorder::scratch(int64_t n) {
  Tensor tensor{nullptr, {n}, DType::f32};
  const auto bytes = static_cast<uint64_t>(tensor.bytes());
  if (!scratch_ || scratch_->bytes < bytes) {
    // Recorded dispatches keep the smaller one until they have run.
    const Status status = device_->health.guard("allocating scratch memory", [&] {
      auto made = absent_->pool->make_buffer(std::bit_ceil(bytes), "scratch");
      if (made.ok()) scratch_ = *made;
      return made.status();
    });
    if (!status.ok()) return status;
  }
  tensor.buffer = scratch_;
  return tensor;
}

Status CommandRecorder::check(const Dispatch& dispatch, const LoadedKernel& kernel) const {
  const auto& expected = kernel.shader.bindings;
  if (dispatch.bindings.size() != expected.size())
    return error(StatusCode::internal, kernel.name, ": ", dispatch.bindings.size(), " bindings passed, the shader has ",
                 expected.size());
  if (dispatch.push_constants.size() != kernel.shader.push_constant_bytes)
    return error(StatusCode::internal, kernel.name, ": ", dispatch.push_constants.size(),
                 " bytes of push constants passed, the shader has ", kernel.shader.push_constant_bytes);
  for (size_t i = 0; i < 3; ++i)
    if (dispatch.groups[i] == 0 || dispatch.groups[i] > limits().groups[i])
      return error(StatusCode::internal, kernel.name, ": ", dispatch.groups[i], " workgroups in dimension ", i,
                   ", 1 to ", limits().groups[i], " are possible");
  for (size_t i = 0; i < expected.size(); ++i) {
    const Binding& binding = dispatch.bindings[i];
    if (!expected[i].used || !binding.tensor) continue;
    // A read that the shader may turn into a write would miss its barrier.
    if (expected[i].readonly != (binding.access == Access::read))
      return error(StatusCode::internal, kernel.name, ": binding ", i, " is ",
                   expected[i].readonly ? "readonly" : "not readonly", " in the shader, the launcher says otherwise");
  }
  return Status();
}

Result<CommandRecorder::Window> CommandRecorder::window_of(const Binding& binding, const std::string& kernel,
                                                           size_t index) const {
  if (!binding.tensor || !*binding.tensor) return Window{absent_.get(), 0, absent_->bytes};
  const auto& buffer = static_cast<const VulkanBuffer&>(*binding.tensor->buffer);
  // Kernels may read four words at a time, also where the last of them are a buffer's padding.
  const auto padded = [](uint64_t n) { return (n + kPadding - 1) / kPadding * kPadding; };
  const uint64_t tensor_bytes = padded(static_cast<uint64_t>(binding.tensor->bytes()));
  const uint64_t rest = tensor_bytes - std::min(tensor_bytes, binding.offset);
  const uint64_t bytes = binding.bytes > 0 ? padded(binding.bytes) : rest;
  if (bytes == 0 || bytes > buffer.bytes || binding.offset > buffer.bytes - bytes)
    return error(StatusCode::internal, kernel, ": binding ", index, " is bytes ", binding.offset, " to ",
                 binding.offset + bytes, " of ", buffer.name, ", which has ", buffer.bytes);
  if (bytes > limits().storage_range)
    return error(StatusCode::internal, kernel, ": binding ", index, " is ", bytes, " bytes of ", buffer.name,
                 ", the device allows ", limits().storage_range, " at once: bind a window");
  if (binding.offset % limits().storage_alignment != 0)
    return error(StatusCode::internal, kernel, ": binding ", index, " starts at byte ", binding.offset, " of ",
                 buffer.name, ", which is no multiple of ", limits().storage_alignment);
  return Window{&buffer, binding.offset, bytes};
}

Status CommandRecorder::record(const Dispatch& dispatch) {
  Result<LoadedKernel*> kernel = pipelines_.kernel(dispatch.kernel);
  if (!kernel.ok()) return kernel.status();
  if (Status status = check(dispatch, **kernel); !status.ok()) return status;
  windows_.clear();
  touches_.clear();
  for (const Binding& binding : dispatch.bindings) {
    Result<Window> window = window_of(binding, (*kernel)->name, windows_.size());
    if (!window.ok()) return window.status();
    if (window->buffer != absent_.get())
      touches_.push_back(
          {window->buffer->id, window->offset, window->offset + window->bytes, binding.access != Access::read});
    windows_.push_back(*window);
  }
  const Result<vk::Pipeline> pipeline = pipelines_.pipeline(**kernel, dispatch.constants, overlap(touches_));
  if (!pipeline.ok()) return pipeline.status();
  // A tensor that is not there is bound to one that the kernel writes: one buffer for all kernels would be written by
  // several of them without a barrier, as far as the validation layers can tell.
  const Window* written = nullptr;
  const auto is_absent = [&](const Window& window) { return window.buffer == absent_.get(); };
  for (size_t i = 0; i < windows_.size() && !written; ++i)
    if (dispatch.bindings[i].access != Access::read && !is_absent(windows_[i])) written = &windows_[i];
  for (Window& window : windows_)
    if (written && is_absent(window)) window = *written;

  const vk::raii::CommandBuffer& commands = begin_command(Stage::compute, touches_);
  auto& kept = submissions_.current().kept;
  for (const Binding& binding : dispatch.bindings)
    // Until it has run, also when its caller lets go of it.
    if (binding.tensor && *binding.tensor)
      kept.push_back(static_cast<VulkanBuffer&>(*binding.tensor->buffer).shared_from_this());
  const vk::DescriptorSet set = make_set(**kernel, windows_);
  commands.bindPipeline(vk::PipelineBindPoint::eCompute, *pipeline);
  commands.bindDescriptorSets(vk::PipelineBindPoint::eCompute, *(*kernel)->layout, 0, set, nullptr);
  if (!dispatch.push_constants.empty())
    commands.pushConstants<std::byte>(
        *(*kernel)->layout, vk::ShaderStageFlagBits::eCompute, 0,
        {static_cast<uint32_t>(dispatch.push_constants.size()), dispatch.push_constants.data()});
  commands.dispatch(dispatch.groups[0], dispatch.groups[1], dispatch.groups[2]);
  ++submissions_.current().counts.dispatches;
  // Nobody else waits for what the host alone reads.
  if (std::ranges::any_of(dispatch.bindings, is_read_by_host))
    put_barrier(vk::PipelineStageFlagBits::eComputeShader,
                {.srcAccessMask = vk::AccessFlagBits::eShaderWrite, .dstAccessMask = vk::AccessFlagBits::eHostRead},
                vk::PipelineStageFlagBits::eHost);
  end_if_long(dispatch);
  return Status();
}

vk::DescriptorSet CommandRecorder::make_set(const LoadedKernel& kernel, const std::vector<Window>& windows) {
  const vk::DescriptorSet set = submissions_.make_set(*kernel.set_layout);
  std::vector<vk::DescriptorBufferInfo> infos;
  std::vector<vk::WriteDescriptorSet> writes;
  infos.reserve(windows.size());  // `writes` points into it
  for (uint32_t i = 0; i < windows.size(); ++i) {
    infos.push_back({*windows[i].buffer->handle, windows[i].offset, windows[i].bytes});
    writes.push_back({.dstSet = set,
                      .dstBinding = i,
                      .descriptorCount = 1,
                      .descriptorType = vk::DescriptorType::eStorageBuffer,
                      .pBufferInfo = &infos.back()});
  }
  device_->handle.updateDescriptorSets(writes, nullptr);
  submissions_.count_descriptors(windows.size());
  return set;
}

const vk::raii::CommandBuffer& CommandRecorder::begin_command(Stage stage, std::span<const Touch> touches) {
  const vk::raii::CommandBuffer& commands = submissions_.current().commands();
  open_labels();
  const auto barrier = tracker_.before(stage, touches);
  if (barrier && options_.barriers) put_barrier(stages_before(*barrier), memory_barrier(*barrier));
  return commands;
}

void CommandRecorder::end_if_long(const Dispatch& dispatch) {
  const double rest = std::exchange(expected_, 0.0);
  const double seconds = dispatch.seconds > 0 ? dispatch.seconds : rest;
  seconds_ += seconds;
  submissions_.current().seconds += seconds;
  ++dispatches_;
  if (seconds_ >= options_.seconds || dispatches_ >= options_.dispatches) submit();
}

// Everything before is done and visible to everything after.
void CommandRecorder::separate() {
  if (options_.barriers)
    put_barrier(vk::PipelineStageFlagBits::eComputeShader | vk::PipelineStageFlagBits::eTransfer,
                memory_barrier({.compute_writes = true, .transfer_writes = true}));
}

void CommandRecorder::put_barrier(vk::PipelineStageFlags after, const vk::MemoryBarrier& barrier,
                                  vk::PipelineStageFlags before) {
  Submission& submission = submissions_.current();
  submission.commands().pipelineBarrier(after, before, {}, barrier, nullptr, nullptr);
  ++submission.counts.barriers;
}

void CommandRecorder::mark() {
  RecordedCommands* recorded = submissions_.recorded();
  submissions_.current().commands().writeTimestamp(vk::PipelineStageFlagBits::eBottomOfPipe, *recorded->marks,
                                                   recorded->n_marks++);
}

Status CommandRecorder::record_commands(const std::function<Status()>& record,
                                        std::shared_ptr<const RecordedCommands>& commands, uint32_t most_marks) {
  close_labels();
  const BarrierTracker before = std::exchange(tracker_, {});
  const auto counts = std::pair{std::exchange(seconds_, 0.0), std::exchange(dispatches_, 0)};
  // What was being recorded before goes on as it was, also when the driver throws.
  const auto go_on = [&] {
    tracker_ = before;
    std::tie(seconds_, dispatches_) = counts;
  };
  try {
    submissions_.begin_recording(most_marks);
    separate();
    const Status status = record();
    if (submissions_.recording()) submit();
    commands = submissions_.end_recording();
    go_on();
    return status;
  } catch (...) {
    submissions_.drop_recording();
    open_labels_ = 0;
    go_on();
    throw;
  }
}

void CommandRecorder::replay(const std::shared_ptr<const RecordedCommands>& commands) {
  close_labels();
  tracker_ = {};  // the commands begin and end with barriers
  submissions_.count_pass();
  for (const auto& part : commands->parts) {
    check_cancelled();
    if (part != commands->parts.front()) submit();
    submissions_.append(commands, *part);
  }
}

void CommandRecorder::fill_zero(const std::shared_ptr<VulkanBuffer>& buffer) {
  const Touch touch = {buffer->id, 0, buffer->bytes, true};
  const auto& commands = begin_command(Stage::transfer, {&touch, 1});
  submissions_.current().kept.push_back(buffer);
  commands.fillBuffer(*buffer->handle, 0, buffer->bytes, 0);
}

void CommandRecorder::copy_in(const MappedBuffer& from, uint64_t from_offset, const std::shared_ptr<VulkanBuffer>& to,
                              uint64_t to_offset, uint64_t bytes) {
  const Touch touch = {to->id, to_offset, to_offset + bytes, true};
  const auto& commands = begin_command(Stage::transfer, {&touch, 1});
  submissions_.current().kept.push_back(to);
  commands.copyBuffer(*from.handle, *to->handle, vk::BufferCopy{from_offset, to_offset, bytes});
}

void CommandRecorder::copy_out(const std::shared_ptr<VulkanBuffer>& from, uint64_t from_offset, const MappedBuffer& to,
                               uint64_t bytes) {
  const Touch touches[] = {{from->id, from_offset, from_offset + bytes, false}, {to.id, 0, bytes, true}};
  const auto& commands = begin_command(Stage::transfer, touches);
  submissions_.current().kept.push_back(from);
  commands.copyBuffer(*from->handle, *to.handle, vk::BufferCopy{from_offset, 0, bytes});
  put_barrier(vk::PipelineStageFlagBits::eTransfer,
              {.srcAccessMask = vk::AccessFlagBits::eTransferWrite, .dstAccessMask = vk::AccessFlagBits::eHostRead},
              vk::PipelineStageFlagBits::eHost);
}

void CommandRecorder::submit() {
  if (!submissions_.recording()) return;
  close_labels();
  seconds_ = 0;
  dispatches_ = 0;
  if (!submissions_.recording_commands()) return submissions_.submit();
  separate();
  submissions_.next_part();
}

void CommandRecorder::close_labels() {
  if (device_->instance->debug_utils && submissions_.recording())
    for (; open_labels_ > 0; --open_labels_) submissions_.current().commands().endDebugUtilsLabelEXT();
}

// Labels are opened with the first command inside them, and again in the next command buffer: one that a
// submission ends within appears in both, and none is empty.
void CommandRecorder::open_labels() {
  if (!device_->instance->debug_utils) return;
  const vk::raii::CommandBuffer& commands = submissions_.current().commands();
  for (; open_labels_ < labels_.size(); ++open_labels_)
    commands.beginDebugUtilsLabelEXT(vk::DebugUtilsLabelEXT{.pLabelName = labels_[open_labels_].c_str()});
}

void CommandRecorder::pop_label() {
  if (labels_.empty()) return;
  labels_.pop_back();
  if (open_labels_ <= labels_.size()) return;
  open_labels_ = labels_.size();
  submissions_.current().commands().endDebugUtilsLabelEXT();
}

}  // namespace tritium::vulkan
