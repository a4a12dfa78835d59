#include "ops/compare_backend.h"

#include <filesystem>
#include <vector>

#include "base/format_text.h"
#include "ops/ops.h"
#include "ops/tolerance.h"
#include "tensor/npy.h"

namespace tritium {
namespace {

// The same tensor, or the same weight, on both sides.
struct PairBuffer final : Buffer {
  Tensor tested, expected;
  Weight tested_weight, expected_weight;
};

enum class Side { tested, expected };

Tensor on_side(const Tensor& tensor, Side side) {
  const auto& pair = static_cast<const PairBuffer&>(*tensor.buffer);
  return (side == Side::tested ? pair.tested : pair.expected).view(tensor.shape);
}

// A weight that came from upload_weight; or activations read as a table of rows, which have no weight of their own.
Weight on_side(const Weight& weight, Side side) {
  const auto& pair = static_cast<const PairBuffer&>(*weight.data.buffer);
  const Weight& own = side == Side::tested ? pair.tested_weight : pair.expected_weight;
  if (own.data) return own;
  Weight table = weight;
  table.data = on_side(weight.data, side);
  return table;
}

template <typename Args>
Args on_side(const Args& args, Side side) {
  Args own = args;
  const auto move = [side](Weight& weight) {
    if (weight.data) weight = on_side(weight, side);
  };
  if constexpr (requires { own.table; }) move(own.table);
  if constexpr (requires { own.weight.row_stride; }) move(own.weight);
  if constexpr (requires { own.parameter; }) move(own.parameter);
  if constexpr (requires { own.y.row_stride; }) move(own.y);
  if constexpr (requires { own.shadow; }) move(own.shadow.parameter), move(own.shadow.weight);
  visit_tensors(own, [&](TensorRole, Tensor& tensor) {
    // A weight's planes are on their side already.
    if (dynamic_cast<PairBuffer*>(tensor.buffer.get())) tensor = on_side(tensor, side);
  });
  return own;
}

class CompareBackend final : public Backend {
 public:
  CompareBackend(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected, CompareOptions options)
      : tested_(std::move(tested)), expected_(std::move(expected)), options_(std::move(options)) {}

  Backend& tested() { return *tested_; }

  std::string name() const override { return tested_->name(); }

  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    auto pair = std::make_shared<PairBuffer>();
    Result<Tensor> tested = tested_->allocate(shape, dtype, debug_name);
    if (!tested.ok()) return tested;
    Result<Tensor> expected = expected_->allocate(shape, dtype, debug_name);
    if (!expected.ok()) return expected;
    pair->tested = *tested;
    pair->expected = *expected;
    return Tensor{std::move(pair), shape, dtype};
  }

  Status upload(const Tensor& tensor, std::span<const std::byte> data) override {
    const Status status = tested_->upload(on_side(tensor, Side::tested), data);
    return status.ok() ? expected_->upload(on_side(tensor, Side::expected), data) : status;
  }
  Status download(const Tensor& tensor, std::span<std::byte> data) override {
    return tested_->download(on_side(tensor, Side::tested), data);
  }
  Result<Weight> upload_weight(const TernaryMatrix& matrix, const std::string& name) override {
    return upload_both(matrix, name);
  }
  Result<Weight> upload_weight(const DenseMatrix& matrix, const std::string& name) override {
    return upload_both(matrix, name);
  }
  Result<TernaryMatrix> download_weight(const Weight& weight) override {
    return tested_->download_weight(on_side(weight, Side::tested));
  }
  Status submit() override {
    const Status status = tested_->submit();
    return status.ok() ? expected_->submit() : status;
  }

  void push_label(std::string_view name) override {
    labels_.emplace_back(name);
    tested_->push_label(name);
    expected_->push_label(name);
  }
  void pop_label() override {
    labels_.pop_back();
    tested_->pop_label();
    expected_->pop_label();
  }

  Status embedding(const EmbeddingArgs& a) override { return compare(a); }
  Status rms_norm(const RmsNormArgs& a) override { return compare(a); }
  Status quantize_activations(const QuantizeActivationsArgs& a) override { return compare(a); }
  Status ternary_matmul(const TernaryMatmulArgs& a) override { return compare(a); }
  Status ternary_matmul_f32(const TernaryMatmulF32Args& a) override { return compare(a); }
  Status dense_matmul(const DenseMatmulArgs& a) override { return compare(a); }
  Status rope(const RopeArgs& a) override { return compare(a); }
  Status store_kv(const StoreKvArgs& a) override { return compare(a); }
  Status attention(const AttentionArgs& a) override { return compare(a); }
  Status gated_activation(const GatedActivationArgs& a) override { return compare(a); }
  Status add(const AddArgs& a) override { return compare(a); }
  Status route_tokens(const RouteTokensArgs& a) override { return compare(a); }
  Status combine_experts(const CombineExpertsArgs& a) override { return compare(a); }
  Status embedding_backward(const EmbeddingBackwardArgs& a) override { return compare(a); }
  Status rms_norm_backward(const RmsNormBackwardArgs& a) override { return compare(a); }
  Status ternary_matmul_backward(const TernaryMatmulBackwardArgs& a) override { return compare(a); }
  Status dense_matmul_backward(const DenseMatmulBackwardArgs& a) override { return compare(a); }
  Status weight_gradient(const WeightGradientArgs& a) override { return compare(a); }
  Status attention_backward(const AttentionBackwardArgs& a) override { return compare(a); }
  Status gated_activation_backward(const GatedActivationBackwardArgs& a) override { return compare(a); }
  Status combine_experts_backward(const CombineExpertsBackwardArgs& a) override { return compare(a); }
  Status route_tokens_backward(const RouteTokensBackwardArgs& a) override { return compare(a); }
  Status expert_load(const ExpertLoadArgs& a) override { return compare(a); }
  Status cross_entropy(const CrossEntropyArgs& a) override { return compare(a); }
  Status flip_trits(const FlipTritsArgs& a) override { return compare(a); }
  Status kl_divergence(const KlDivergenceArgs& a) override { return compare(a); }
  Status scaled_add(const ScaledAddArgs& a) override { return compare(a); }
  Status sum_squares(const SumSquaresArgs& a) override { return compare(a); }
  Status dequantize_activations(const DequantizeActivationsArgs& a) override { return compare(a); }
  Status absmean(const AbsmeanArgs& a) override { return compare(a); }
  Status ternarize(const TernarizeArgs& a) override { return compare(a); }
  Status fake_quantize(const FakeQuantizeArgs& a) override { return compare(a); }
  Status adamw_update(const AdamwUpdateArgs& a) override { return compare(a); }
  Status sgd_update(const SgdUpdateArgs& a) override { return compare(a); }

 private:
  template <typename Matrix>
  Result<Weight> upload_both(const Matrix& matrix, const std::string& name) {
    auto pair = std::make_shared<PairBuffer>();
    Result<Weight> tested = tested_->upload_weight(matrix, name);
    if (!tested.ok()) return tested;
    Result<Weight> expected = expected_->upload_weight(matrix, name);
    if (!expected.ok()) return expected;
    pair->tested_weight = *tested;
    pair->expected_weight = *expected;
    // For operations that write a dense weight: its layout is the same everywhere.
    pair->tested = tested->data;
    pair->expected = expected->data;
    Weight weight = *expected;
    weight.data.buffer = pair;
    if (weight.scales) weight.scales.buffer = pair;
    return weight;
  }

  template <typename Args>
  Status compare(const Args& args) {
    if (Status s = dispatch(*tested_, on_side(args, Side::tested)); !s.ok()) return s;
    if (Status s = dispatch(*expected_, on_side(args, Side::expected)); !s.ok()) return s;
    Status status;
    int output = 0;
    visit_tensors(args, [&](TensorRole role, const Tensor& tensor) {
      if (role != TensorRole::input && status.ok()) status = compare_output(Args::kName, output++, role, tensor);
    });
    return status;
  }

  Status compare_output(std::string_view operation, int output, TensorRole role, const Tensor& tensor) {
    std::vector<std::byte> tested(static_cast<size_t>(tensor.bytes()));
    std::vector<std::byte> expected(tested.size());
    if (Status s = tested_->download(on_side(tensor, Side::tested), tested); !s.ok()) return s;
    if (Status s = expected_->download(on_side(tensor, Side::expected), expected); !s.ok()) return s;
    const Comparison comparison{.operation = std::string(operation),
                                .place = place(),
                                .output = output,
                                .error = relative_error(tensor.dtype, expected, tested),
                                .bound = tolerance_of(operation, tensor.dtype, role)};
    if (options_.observe) options_.observe(comparison);
    if (!comparison.within() && options_.stop_at_first) return report(comparison, tensor, expected, tested);
    return tested_->upload(on_side(tensor, Side::tested), expected);
  }

  Status report(const Comparison& c, const Tensor& tensor, std::span<const std::byte> expected,
                std::span<const std::byte> tested) const {
    std::string files;
    if (!options_.dump_dir.empty()) {
      const auto stem = std::filesystem::path(options_.dump_dir) / c.operation;
      const std::string expected_path = stem.string() + ".expected.npy";
      const std::string tested_path = stem.string() + ".tested.npy";
      Status written = write_npy(expected_path, tensor.dtype, tensor.shape, expected);
      if (written.ok()) written = write_npy(tested_path, tensor.dtype, tensor.shape, tested);
      files = written.ok() ? join("; tensors are in ", expected_path, " and ", tested_path) : "; " + written.message();
    }
    return error(StatusCode::device_error, c.place, "/", c.operation, ": output ", c.output, " ", tensor.shape.text(),
                 " of ", tested_->name(), " differs from ", expected_->name(), " by ", c.error, ", bound ", c.bound,
                 files);
  }

  std::string place() const {
    std::string path;
    for (const std::string& label : labels_) path += (path.empty() ? "" : "/") + label;
    return path;
  }

  std::unique_ptr<Backend> tested_;
  std::unique_ptr<Backend> expected_;
  CompareOptions options_;
  std::vector<std::string> labels_;
};

}  // namespace

std::unique_ptr<Backend> make_compare_backend(std::unique_ptr<Backend> tested, std::unique_ptr<Backend> expected,
                                              CompareOptions options) {
  return std::make_unique<CompareBackend>(std::move(tested), std::move(expected), std::move(options));
}

Backend& tested_backend(Backend& backend) {
  auto* compare = dynamic_cast<CompareBackend*>(&backend);
  return compare ? compare->tested() : backend;
}

}  // namespace tritium
