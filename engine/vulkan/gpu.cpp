#include "vulkan/gpu.h"

#include <cstdlib>
#include <cstring>

#include "base/environment.h"
#include "base/format_text.h"
#include "base/path.h"
#include "vulkan/commands/transfers.h"
#include "vulkan/device/renderdoc_capture.h"

namespace tritium::vulkan {
namespace {

Result<std::optional<ShaderFolder>> shader_folder(const VulkanOptions& options) {
  std::filesystem::path folder = options.shader_dir;
  if (folder.empty()) folder = path_of(environment("TRITIUM_SHADER_DIR").value_or(""));
  if (folder.empty()) return std::optional<ShaderFolder>();
  Result<ShaderFolder> opened = ShaderFolder::open(folder, options.log);
  if (!opened.ok()) return opened.status();
  return std::optional(*std::move(opened));
}

}  // namespace

// Destroyed last to first: the device and its memory outlive what is made of them.
struct Gpu::Parts {
  std::optional<RenderdocCapture> capture;
  std::shared_ptr<Device> device;
  std::shared_ptr<MemoryPool> pool;
  std::filesystem::path cache_folder;
  std::optional<Pipelines> pipelines;
  std::optional<Submissions> submissions;
  std::optional<CommandRecorder> recorder;
  std::optional<Transfers> transfers;

  std::shared_ptr<VulkanBuffer> buffer_of(const Tensor& tensor) const {
    return static_cast<VulkanBuffer&>(*tensor.buffer).shared_from_this();
  }
  // Everything recorded has run.
  void finish() {
    recorder->submit();
    submissions->wait(submissions->submitted());
  }
};

Gpu::Gpu(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

// What is recorded but not submitted is dropped. What runs is waited for before anything goes: a copy may still be
// reading the staging buffer.
Gpu::~Gpu() {
  if (parts_) parts_->submissions->wait_idle();
}

Result<std::unique_ptr<Gpu>> Gpu::open(const VulkanOptions& options, std::span<const Kernel> kernels) {
  return open(options, kernels, RecorderOptions());
}

Result<std::unique_ptr<Gpu>> Gpu::open(const VulkanOptions& options, std::span<const Kernel> kernels,
                                       const RecorderOptions& recorder) {
  auto parts = std::make_unique<Parts>();
  Result<std::optional<ShaderFolder>> shaders = shader_folder(options);
  if (!shaders.ok()) return shaders.status();
  if (!options.capture_file.empty()) {  // before the instance is made: RenderDoc hooks its creation
    Result<RenderdocCapture> capture = RenderdocCapture::load(options.capture_file);
    if (!capture.ok()) return capture.status();
    parts->capture = std::move(*capture);
  }
  Result<std::shared_ptr<Device>> device = open_device(options);
  if (!device.ok()) return device.status();
  Parts& p = *parts;
  p.device = *device;
  const Status status = p.device->health.guard("preparing the device", [&] {
    // RenderDoc disguises the driver's cache identity: a cache written under it would be of no use without
    // it.
    if (!p.capture) p.cache_folder = vulkan::cache_folder(options.pipeline_cache_dir);
    const bool changes = shaders->has_value();
    p.pipelines.emplace(p.device, kernels, p.cache_folder, *std::move(shaders));
    if (changes) p.cache_folder.clear();  // what is found out about changed kernels is nobody else's
    p.pool = std::make_shared<MemoryPool>(p.device);
    p.submissions.emplace(p.device);
    auto absent = p.pool->make_buffer(256, "absent tensor");
    if (!absent.ok()) return absent.status();
    p.recorder.emplace(p.device, *absent, *p.pipelines, *p.submissions, recorder);
    p.recorder->fill_zero(*absent);
    p.transfers.emplace(*p.pool, *p.recorder, *p.submissions);
    return Status();
  });
  if (!status.ok()) return status;
  return std::unique_ptr<Gpu>(new Gpu(std::move(parts)));
}

const DeviceDescription& Gpu::description() const { return parts_->device->description; }
Recorder& Gpu::recorder() { return *parts_->recorder; }
Device& Gpu::device() { return *parts_->device; }
const DeviceWork& Gpu::work() const { return parts_->submissions->work(); }
void Gpu::set_work(const DeviceWork& work) { parts_->submissions->set_work(work); }
uint64_t Gpu::available_memory() const { return parts_->pool->available(); }
uint64_t Gpu::bytes_in_use() const { return parts_->pool->bytes_in_use(); }
uint64_t Gpu::bytes_held() const { return parts_->pool->bytes_held(); }
void Gpu::expect(double seconds) { parts_->recorder->expect(seconds); }
void Gpu::push_label(std::string_view name) { parts_->recorder->push_label(name); }
void Gpu::pop_label() { parts_->recorder->pop_label(); }

const std::filesystem::path& Gpu::cache_folder() const { return parts_->cache_folder; }

CacheKey Gpu::cache_key() const {
  CacheKey key = parts_->pipelines->cache_key();
  key.kernels = parts_->pipelines->checksum_of_kernels();
  return key;
}

bool Gpu::owns(const Tensor& tensor) { return dynamic_cast<const VulkanBuffer*>(tensor.buffer.get()) != nullptr; }

Result<Tensor> Gpu::allocate(const Shape& shape, DType dtype, const std::string& name) {
  return allocate(shape, dtype, name, MemoryUse::state);
}

Result<Tensor> Gpu::allocate_weight(const Shape& shape, DType dtype, const std::string& name) {
  return allocate(shape, dtype, name, MemoryUse::weights);
}

Result<Tensor> Gpu::allocate_briefly(const Shape& shape, DType dtype, const std::string& name) {
  return allocate(shape, dtype, name, MemoryUse::brief);
}

Result<Tensor> Gpu::allocate(const Shape& shape, DType dtype, const std::string& name, MemoryUse use) {
  Tensor tensor{nullptr, shape, dtype};
  const Status status = parts_->device->health.guard("allocating " + name, [&] {
    auto buffer = parts_->pool->make_buffer(static_cast<uint64_t>(tensor.bytes()), name, use);
    if (!buffer.ok()) return buffer.status();
    if (use != MemoryUse::weights) parts_->recorder->fill_zero(*buffer);
    tensor.buffer = *buffer;
    return Status();
  });
  if (!status.ok()) return status;
  return tensor;
}

Status Gpu::upload(const Tensor& tensor, std::span<const std::byte> data) {
  return upload(tensor, data.size(), [data](uint64_t begin, std::span<std::byte> out) {
    std::memcpy(out.data(), data.data() + begin, out.size());
  });
}

Status Gpu::upload(const Tensor& tensor, uint64_t bytes,
                   const std::function<void(uint64_t begin, std::span<std::byte> out)>& write) {
  const auto buffer = parts_->buffer_of(tensor);
  if (!buffer || bytes > static_cast<uint64_t>(tensor.bytes()))
    return error(StatusCode::internal, "upload of ", bytes, " bytes to a tensor of ", buffer ? tensor.bytes() : 0);
  return parts_->device->health.guard("uploading " + buffer->name,
                                      [&] { parts_->transfers->upload(buffer, bytes, write); });
}

Status Gpu::download(const Tensor& tensor, std::span<std::byte> data) {
  const auto buffer = parts_->buffer_of(tensor);
  if (!buffer || data.size() > static_cast<uint64_t>(tensor.bytes()))
    return error(StatusCode::internal, "download of ", data.size(), " bytes from a tensor of ",
                 buffer ? tensor.bytes() : 0);
  return parts_->device->health.guard("downloading " + buffer->name,
                                      [&] { parts_->transfers->download(buffer, data); });
}

Status Gpu::submit() {
  return parts_->device->health.guard("submitting commands", [&] { parts_->recorder->submit(); });
}

Result<Tensor> Gpu::allocate_readable(const Shape& shape, DType dtype, const std::string& name) {
  Tensor tensor{nullptr, shape, dtype};
  const Status status = parts_->device->health.guard("allocating " + name, [&] {
    tensor.buffer = parts_->pool->make_readable(static_cast<uint64_t>(tensor.bytes()), name);
  });
  if (!status.ok()) return status;
  return tensor;
}

std::span<const std::byte> Gpu::mapped(const Tensor& tensor) {
  return {static_cast<const VulkanBuffer&>(*tensor.buffer).data, static_cast<size_t>(tensor.bytes())};
}

Result<uint64_t> Gpu::post() {
  if (Status status = submit(); !status.ok()) return status;
  return parts_->submissions->submitted();
}

Status Gpu::wait(uint64_t post) {
  return parts_->device->health.guard("waiting for commands", [&] { parts_->submissions->wait(post); });
}

Result<std::shared_ptr<const RecordedCommands>> Gpu::record(const std::function<Status()>& record,
                                                            uint32_t most_marks) {
  std::shared_ptr<const RecordedCommands> commands;
  const Status status = parts_->device->health.guard(
      "recording commands", [&] { return parts_->recorder->record_commands(record, commands, most_marks); });
  if (!status.ok()) return status;
  return commands;
}

Status Gpu::mark() {
  return parts_->device->health.guard("recording a mark", [&] { parts_->recorder->mark(); });
}

bool Gpu::has_marks() const { return parts_->device->timestamp_bits > 0; }

Result<std::vector<double>> Gpu::marks(const RecordedCommands& commands) {
  const Device& device = *parts_->device;
  std::vector<double> seconds;
  const Status status = parts_->device->health.guard("reading marks", [&] {
    if (commands.n_marks == 0) return;
    constexpr auto kFlags = vk::QueryResultFlagBits::e64 | vk::QueryResultFlagBits::eWait;
    const auto [result, ticks] = commands.marks.getResults<uint64_t>(
        0, commands.n_marks, commands.n_marks * sizeof(uint64_t), sizeof(uint64_t), kFlags);
    const uint64_t mask = device.timestamp_bits < 64 ? (uint64_t{1} << device.timestamp_bits) - 1 : ~uint64_t{0};
    for (const uint64_t tick : ticks)
      seconds.push_back(static_cast<double>((tick - ticks.front()) & mask) *
                        static_cast<double>(device.properties.limits.timestampPeriod) * 1e-9);
  });
  if (!status.ok()) return status;
  return seconds;
}

Status Gpu::run(const std::shared_ptr<const RecordedCommands>& commands) {
  return parts_->device->health.guard("running recorded commands", [&] { parts_->recorder->replay(commands); });
}

Status Gpu::finish() {
  return parts_->device->health.guard("waiting for commands", [&] { parts_->finish(); });
}

Status Gpu::begin_capture() {
  if (!parts_->capture) return Status(StatusCode::invalid_argument, "this backend was made without a capture file");
  return parts_->device->health.guard("beginning a capture", [&] {
    parts_->finish();
    return parts_->capture->begin(static_cast<VkInstance>(*parts_->device->instance->handle));
  });
}

Status Gpu::end_capture() {
  if (!parts_->capture) return Status(StatusCode::invalid_argument, "this backend was made without a capture file");
  return parts_->device->health.guard("ending a capture", [&] {
    parts_->finish();
    return parts_->capture->end(static_cast<VkInstance>(*parts_->device->instance->handle));
  });
}

}  // namespace tritium::vulkan
