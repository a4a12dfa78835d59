#include "vulkan/vulkan_backend.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "ops/program.h"
#include "ops/weight_layout.h"
#include "vulkan/gpu.h"
#include "vulkan/kernel.h"
#include "vulkan/ops/record.h"

namespace tritium::vulkan {
namespace {

class VulkanBackend final : public Each<VulkanBackend, Backend, AllOps> {
 public:
  explicit VulkanBackend(std::unique_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}

  Gpu& gpu() { return *gpu_; }
  const Gpu& gpu() const { return *gpu_; }

  std::string name() const override { return join("vulkan:", gpu_->description().index); }
  uint64_t available_memory() const override { return gpu_->available_memory(); }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    return gpu_->allocate(shape, dtype, debug_name);
  }
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override { return gpu_->upload(tensor, data); }
  Status download(const Tensor& tensor, std::span<std::byte> data) override { return gpu_->download(tensor, data); }
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) override;
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& debug_name) override;
  Result<TernaryMatrix> download_weight(const Weight& weight) override;
  Status submit() override { return gpu_->submit(); }
  // One command buffer, or a few where it would run too long.
  Result<std::unique_ptr<Replay>> prepare(const Program& program) override;
  void push_label(std::string_view name) override { gpu_->push_label(name); }
  void pop_label() override { gpu_->pop_label(); }

  // Every dispatch of an operation lies in a label with the operation's name.
  template <typename Op>
  Status each(const Op& op) {
    gpu_->push_label(Op::kName);
    const Status status = vulkan::record(gpu_->recorder(), op);
    gpu_->pop_label();
    return status;
  }

 private:
  std::unique_ptr<Gpu> gpu_;
};

class RecordedReplay final : public Replay {
 public:
  RecordedReplay(Gpu& gpu, std::shared_ptr<const RecordedCommands> commands)
      : gpu_(gpu), commands_(std::move(commands)) {}
  Status run() override { return gpu_.run(commands_); }

 private:
  Gpu& gpu_;
  std::shared_ptr<const RecordedCommands> commands_;
};

Result<std::unique_ptr<Replay>> VulkanBackend::prepare(const Program& program) {
  Result<std::shared_ptr<const RecordedCommands>> commands = gpu_->record([&] { return walk(*this, program); });
  if (!commands.ok()) return commands.status();
  return std::unique_ptr<Replay>(std::make_unique<RecordedReplay>(*gpu_, *std::move(commands)));
}

Result<Weight> VulkanBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = gpu_->allocate(weight.data.shape, weight.data.dtype, debug_name, false);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = gpu_->allocate(weight.scales.shape, DType::f32, debug_name + ".scales", false);
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;
  if (Status s = gpu_->upload(weight.data, std::as_bytes(matrix.words())); !s.ok()) return s;
  const std::vector<float> values = kernel_scales(matrix);
  if (Status s = gpu_->upload(weight.scales, std::as_bytes(std::span(values))); !s.ok()) return s;
  return weight;
}

Result<TernaryMatrix> VulkanBackend::download_weight(const Weight& weight) {
  std::vector<uint32_t> words(static_cast<size_t>(weight.data.bytes()) / sizeof(uint32_t));
  std::vector<float> scales(static_cast<size_t>(weight.scales.elements()));
  if (Status s = gpu_->download(weight.data, std::as_writable_bytes(std::span(words))); !s.ok()) return s;
  if (Status s = gpu_->download(weight.scales, std::as_writable_bytes(std::span(scales))); !s.ok()) return s;
  return matrix_of(weight, words, scales);
}

// Bytes [begin, begin + out.size()) of the rows of `matrix` padded with zeros to `stride` bytes each.
void write_padded_rows(const DenseMatrix& matrix, uint64_t row_bytes, uint64_t stride, uint64_t begin,
                       std::span<std::byte> out) {
  std::ranges::fill(out, std::byte{0});
  const uint64_t end = begin + out.size();
  for (uint64_t row = begin / stride; row * stride < end; ++row) {
    const uint64_t from = std::max(begin, row * stride);
    const uint64_t to = std::min(end, row * stride + row_bytes);
    if (from < to) std::memcpy(&out[from - begin], &matrix.bytes[row * row_bytes + from - row * stride], to - from);
  }
}

Result<Weight> VulkanBackend::upload_weight(const DenseMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data = gpu_->allocate(weight.data.shape, weight.data.dtype, debug_name, false);
  if (!data.ok()) return data.status();
  weight.data = *data;
  const auto element = static_cast<uint64_t>(bits_of(weight.dtype) / 8);
  const uint64_t row_bytes = static_cast<uint64_t>(weight.cols) * element;
  const uint64_t stride = static_cast<uint64_t>(weight.row_stride) * element;
  const Status status =
      gpu_->upload(weight.data, static_cast<uint64_t>(weight.data.bytes()),
                   [&](uint64_t begin, auto out) { write_padded_rows(matrix, row_bytes, stride, begin, out); });
  if (!status.ok()) return status;
  return weight;
}

Result<Gpu*> gpu_of(Backend& backend) {
  auto* vulkan = dynamic_cast<VulkanBackend*>(&backend);
  if (!vulkan)
    return error(StatusCode::invalid_argument, "captures need a Vulkan backend, this one is ", backend.name());
  return &vulkan->gpu();
}

}  // namespace

Result<std::unique_ptr<Backend>> make_vulkan_backend(const VulkanOptions& options) {
  Result<std::unique_ptr<Gpu>> gpu = Gpu::open(options, shader_table());
  if (!gpu.ok()) return gpu.status();
  return std::unique_ptr<Backend>(std::make_unique<VulkanBackend>(std::move(*gpu)));
}

Status begin_capture(Backend& backend) {
  const Result<Gpu*> gpu = gpu_of(backend);
  return gpu.ok() ? (*gpu)->begin_capture() : gpu.status();
}

Status end_capture(Backend& backend) {
  const Result<Gpu*> gpu = gpu_of(backend);
  return gpu.ok() ? (*gpu)->end_capture() : gpu.status();
}

uint64_t submission_count(const Backend& backend) {
  const auto* vulkan = dynamic_cast<const VulkanBackend*>(&backend);
  return vulkan ? vulkan->gpu().submissions() : 0;
}

}  // namespace tritium::vulkan
