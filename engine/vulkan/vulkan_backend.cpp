#include "vulkan/vulkan_backend.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "ops/weight_layout.h"
#include "vulkan/gpu.h"
#include "vulkan/kernel.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {
namespace {

constexpr int64_t kDenseRowAlign = 8;  // elements: rows start on 16 bytes in every dense type

class VulkanBackend final : public Backend {
 public:
  explicit VulkanBackend(std::unique_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}

  Gpu& gpu() { return *gpu_; }
  const Gpu& gpu() const { return *gpu_; }

  std::string name() const override { return join("vulkan:", gpu_->description().index); }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    return gpu_->allocate(shape, dtype, debug_name);
  }
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override { return gpu_->upload(tensor, data); }
  Status download(const Tensor& tensor, std::span<std::byte> data) override { return gpu_->download(tensor, data); }
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) override;
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& debug_name) override;
  Result<TernaryMatrix> download_weight(const Weight& weight) override;
  Status submit() override { return gpu_->submit(); }
  void push_label(std::string_view name) override { gpu_->push_label(name); }
  void pop_label() override { gpu_->pop_label(); }

  Status embedding(const EmbeddingArgs& a) override { return record(vulkan::embedding, a); }
  Status rms_norm(const RmsNormArgs& a) override { return record(vulkan::rms_norm, a); }
  Status quantize_activations(const QuantizeActivationsArgs& a) override {
    return record(vulkan::quantize_activations, a);
  }
  Status ternary_matmul(const TernaryMatmulArgs& a) override { return record(vulkan::ternary_matmul, a); }
  Status ternary_matmul_f32(const TernaryMatmulF32Args& a) override { return record(vulkan::ternary_matmul_f32, a); }
  Status dense_matmul(const DenseMatmulArgs& a) override { return record(vulkan::dense_matmul, a); }
  Status rope(const RopeArgs& a) override { return record(vulkan::rope, a); }
  Status store_kv(const StoreKvArgs& a) override { return record(vulkan::store_kv, a); }
  Status attention(const AttentionArgs& a) override { return record(vulkan::attention, a); }
  Status gated_activation(const GatedActivationArgs& a) override { return record(vulkan::gated_activation, a); }
  Status add(const AddArgs& a) override { return record(vulkan::add, a); }
  Status route_tokens(const RouteTokensArgs& a) override { return record(vulkan::route_tokens, a); }
  Status combine_experts(const CombineExpertsArgs& a) override { return record(vulkan::combine_experts, a); }
  Status embedding_backward(const EmbeddingBackwardArgs& a) override { return record(vulkan::embedding_backward, a); }
  Status rms_norm_backward(const RmsNormBackwardArgs& a) override { return record(vulkan::rms_norm_backward, a); }
  Status ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) override {
    return record(vulkan::ternary_matmul_backward, a);
  }
  Status dense_matmul_backward(const DenseMatmulBackwardArgs& a) override {
    return record(vulkan::dense_matmul_backward, a);
  }
  Status weight_gradient(const WeightGradientArgs& a) override { return record(vulkan::weight_gradient, a); }
  Status attention_backward(const AttentionBackwardArgs& a) override { return record(vulkan::attention_backward, a); }
  Status gated_activation_backward(const GatedActivationBackwardArgs& a) override {
    return record(vulkan::gated_activation_backward, a);
  }
  Status combine_experts_backward(const CombineExpertsBackwardArgs& a) override {
    return record(vulkan::combine_experts_backward, a);
  }
  Status route_tokens_backward(const RouteTokensBackwardArgs& a) override {
    return record(vulkan::route_tokens_backward, a);
  }
  Status expert_load(const ExpertLoadArgs& a) override { return record(vulkan::expert_load, a); }
  Status cross_entropy(const CrossEntropyArgs& a) override { return record(vulkan::cross_entropy, a); }
  Status flip_trits(const FlipTritsArgs& a) override { return record(vulkan::flip_trits, a); }
  Status kl_divergence(const KlDivergenceArgs& a) override { return record(vulkan::kl_divergence, a); }
  Status scaled_add(const ScaledAddArgs& a) override { return record(vulkan::scaled_add, a); }
  Status sum_squares(const SumSquaresArgs& a) override { return record(vulkan::sum_squares, a); }
  Status dequantize_activations(const DequantizeActivationsArgs& a) override {
    return record(vulkan::dequantize_activations, a);
  }
  Status absmean(const AbsmeanArgs& a) override { return record(vulkan::absmean, a); }
  Status ternarize(const TernarizeArgs& a) override { return record(vulkan::ternarize, a); }
  Status fake_quantize(const FakeQuantizeArgs& a) override { return record(vulkan::fake_quantize, a); }
  Status adamw_update(const AdamwUpdateArgs& a) override { return record(vulkan::adamw_update, a); }
  Status sgd_update(const SgdUpdateArgs& a) override { return record(vulkan::sgd_update, a); }

 private:
  // Every dispatch of an operation lies in a label with the operation's name.
  template <typename Args>
  Status record(Status (*launcher)(Recorder&, const Args&), const Args& args) {
    gpu_->push_label(Args::kName);
    const Status status = launcher(gpu_->recorder(), args);
    gpu_->pop_label();
    return status;
  }

  std::unique_ptr<Gpu> gpu_;
};

Result<Weight> VulkanBackend::upload_weight(const TernaryMatrix& matrix, const std::string& debug_name) {
  Weight weight = describe_weight(matrix, debug_name);
  Result<Tensor> data =
      gpu_->allocate({weight.n_matrices, weight.rows, weight.row_stride}, DType::trit2, debug_name, false);
  if (!data.ok()) return data.status();
  weight.data = *data;
  Result<Tensor> scales = gpu_->allocate({weight.n_matrices, weight.rows, weight.groups_per_row()}, DType::f32,
                                         debug_name + ".scales", false);
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
  Weight weight = {.dtype = matrix.dtype,
                   .n_matrices = matrix.n_matrices,
                   .rows = matrix.rows,
                   .cols = matrix.cols,
                   .row_stride = round_up(matrix.cols, kDenseRowAlign),
                   .group_size = 0,
                   .name = debug_name,
                   .data = {},
                   .scales = {}};
  Result<Tensor> data =
      gpu_->allocate({weight.n_matrices, weight.rows, weight.row_stride}, weight.dtype, debug_name, false);
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
