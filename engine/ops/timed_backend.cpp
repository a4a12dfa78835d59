#include "ops/timed_backend.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "ops/ops.h"

namespace tritium {
namespace {

class TimedBackend final : public Backend {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> measured) : measured_(std::move(measured)) {
    for (size_t i = 0; i < times_.size(); ++i) times_[i].operation = kOpNames[i];
  }

  std::vector<OperationTime> times() const {
    std::vector<OperationTime> used;
    for (const OperationTime& t : times_)
      if (t.calls > 0) used.push_back(t);
    std::ranges::sort(used, [](const OperationTime& a, const OperationTime& b) { return a.seconds > b.seconds; });
    return used;
  }

  std::string name() const override { return measured_->name(); }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    return measured_->allocate(shape, dtype, debug_name);
  }
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override {
    return measured_->upload(tensor, data);
  }
  Status download(const Tensor& tensor, std::span<std::byte> data) override {
    return measured_->download(tensor, data);
  }
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& name) override {
    return measured_->upload_weight(matrix, name);
  }
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& name) override {
    return measured_->upload_weight(matrix, name);
  }
  Result<TernaryMatrix> download_weight(const Weight& weight) override { return measured_->download_weight(weight); }
  Status submit() override { return measured_->submit(); }
  void push_label(std::string_view name) override { measured_->push_label(name); }
  void pop_label() override { measured_->pop_label(); }

  Status embedding(const EmbeddingArgs& a) override { return time(a); }
  Status rms_norm(const RmsNormArgs& a) override { return time(a); }
  Status quantize_activations(const QuantizeActivationsArgs& a) override { return time(a); }
  Status ternary_matmul(const TernaryMatmulArgs& a) override { return time(a); }
  Status ternary_matmul_f32(const TernaryMatmulF32Args& a) override { return time(a); }
  Status dense_matmul(const DenseMatmulArgs& a) override { return time(a); }
  Status rope(const RopeArgs& a) override { return time(a); }
  Status store_kv(const StoreKvArgs& a) override { return time(a); }
  Status attention(const AttentionArgs& a) override { return time(a); }
  Status gated_activation(const GatedActivationArgs& a) override { return time(a); }
  Status add(const AddArgs& a) override { return time(a); }
  Status route_tokens(const RouteTokensArgs& a) override { return time(a); }
  Status combine_experts(const CombineExpertsArgs& a) override { return time(a); }
  Status embedding_backward(const EmbeddingBackwardArgs& a) override { return time(a); }
  Status rms_norm_backward(const RmsNormBackwardArgs& a) override { return time(a); }
  Status ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) override { return time(a); }
  Status dense_matmul_backward(const DenseMatmulBackwardArgs& a) override { return time(a); }
  Status weight_gradient(const WeightGradientArgs& a) override { return time(a); }
  Status attention_backward(const AttentionBackwardArgs& a) override { return time(a); }
  Status gated_activation_backward(const GatedActivationBackwardArgs& a) override { return time(a); }
  Status combine_experts_backward(const CombineExpertsBackwardArgs& a) override { return time(a); }
  Status route_tokens_backward(const RouteTokensBackwardArgs& a) override { return time(a); }
  Status expert_load(const ExpertLoadArgs& a) override { return time(a); }
  Status cross_entropy(const CrossEntropyArgs& a) override { return time(a); }
  Status flip_trits(const FlipTritsArgs& a) override { return time(a); }
  Status kl_divergence(const KlDivergenceArgs& a) override { return time(a); }
  Status scaled_add(const ScaledAddArgs& a) override { return time(a); }
  Status sum_squares(const SumSquaresArgs& a) override { return time(a); }
  Status dequantize_activations(const DequantizeActivationsArgs& a) override { return time(a); }
  Status absmean(const AbsmeanArgs& a) override { return time(a); }
  Status ternarize(const TernarizeArgs& a) override { return time(a); }
  Status fake_quantize(const FakeQuantizeArgs& a) override { return time(a); }
  Status adamw_update(const AdamwUpdateArgs& a) override { return time(a); }
  Status sgd_update(const SgdUpdateArgs& a) override { return time(a); }

 private:
  using Clock = std::chrono::steady_clock;

  template <typename Args>
  Status time(const Args& args) {
    const Clock::time_point begin = Clock::now();
    Status status = dispatch(*measured_, args);
    if (status.ok()) status = wait();
    OperationTime& t = *std::ranges::find(times_, Args::kName, &OperationTime::operation);
    ++t.calls;
    t.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    return status;
  }

  // A download comes after everything that was recorded.
  Status wait() {
    if (!mark_) {
      Result<Tensor> mark = measured_->allocate({1}, DType::f32, "mark");
      if (!mark.ok()) return mark.status();
      mark_ = *mark;
    }
    std::array<std::byte, 4> bytes{};
    return measured_->download(mark_, bytes);
  }

  std::unique_ptr<Backend> measured_;
  Tensor mark_;
  std::array<OperationTime, kOpNames.size()> times_;
};

}  // namespace

std::unique_ptr<Backend> make_timed_backend(std::unique_ptr<Backend> measured) {
  return std::make_unique<TimedBackend>(std::move(measured));
}

std::vector<OperationTime> operation_times(const Backend& backend) {
  const auto* timed = dynamic_cast<const TimedBackend*>(&backend);
  return timed ? timed->times() : std::vector<OperationTime>();
}

}  // namespace tritium
