#include "gpu_report/synthetic_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/counter_rng.h"
#include "base/format_text.h"

namespace tritium::gpu_report {
namespace {

// Sixteen codes: 3, which is none, becomes 1.
uint32_t random_codes(uint64_t bits) {
  const auto word = static_cast<uint32_t>(bits);
  const uint32_t threes = word & (word >> 1) & 0x55555555u;
  return word & ~(threes << 1);
}

// In (-magnitude, magnitude).
std::vector<float> random_floats(int64_t n, float magnitude, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = magnitude * static_cast<float>(2.0 * random_unit(seed, i) - 1.0);
  return values;
}

uint64_t trit_bytes(int64_t elements) { return static_cast<uint64_t>(elements) / 4; }

int64_t attention_elements(const ModelShape& s) { return 2 * s.dim * s.head_dim * (s.heads + s.kv_heads); }

ModelShape shape_of(const char* name, int64_t vocabulary, const char* description) {
  return {*training::parse_description(description), name, vocabulary};
}

}  // namespace

TernaryMatrix random_trits(int64_t n_matrices, int64_t rows, int64_t cols, uint64_t seed) {
  TernaryMatrix matrix(n_matrices, rows, cols, ScaleGranularity::tensor);
  const auto words_of_row = static_cast<size_t>(cols / TernaryMatrix::kCodesPerWord);
  const auto stride = static_cast<size_t>(matrix.words_per_row());
  const std::span<uint32_t> words = matrix.words();
  for (size_t row = 0; row * stride < words.size(); ++row)  // the padding keeps its zeros
    for (size_t i = 0; i < words_of_row; ++i)
      words[row * stride + i] = random_codes(random_bits(seed, row * stride + i));
  matrix.scales()[0] = static_cast<float>(std::sqrt(2.0 / static_cast<double>(cols)));
  return matrix;
}

DenseMatrix random_halves(int64_t rows, int64_t cols, uint64_t seed) {
  constexpr uint64_t kSignsAndMantissas = 0x83FF83FF83FF83FFu;
  constexpr uint64_t kExponents = 0x2400240024002400u;  // 2^-6
  DenseMatrix matrix{.n_matrices = 1, .rows = rows, .cols = cols, .dtype = DType::f16, .bytes = {}};
  matrix.bytes.resize(static_cast<size_t>(rows * cols) * 2);
  for (size_t at = 0; at < matrix.bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t four = (random_bits(seed, at) & kSignsAndMantissas) | kExponents;
    std::memcpy(&matrix.bytes[at], &four, std::min(sizeof four, matrix.bytes.size() - at));
  }
  return matrix;
}

ModelShape maple_shape() {
  return shape_of("Maple-20B-A1B", 151936, R"({
    "architecture": "maple", "layers": 24, "dim": 2048, "heads": 16, "kv_heads": 4, "head_dim": 128, "rope_dims": 64,
    "ffn": 512, "experts": 256, "top_k": 8, "context": 131072, "window": 512})");
}

ModelShape qwen3_shape() {
  return shape_of("Qwen3-30B-A3B", 151936, R"({
    "architecture": "qwen3moe", "layers": 48, "dim": 2048, "heads": 32, "kv_heads": 4, "head_dim": 128,
    "ffn": 768, "experts": 128, "top_k": 8, "context": 40960, "rope_base": 1e6})");
}

ModelShape bitnet_shape() {
  return shape_of("BitNet-b1.58-2B-4T", 128256, R"({
    "architecture": "bitnet-b1.58", "layers": 30, "dim": 2560, "heads": 20, "kv_heads": 5, "head_dim": 128,
    "ffn": 6912, "context": 4096, "rope_base": 500000})");
}

ModelShape tiny(ModelShape s) {
  s.layers = 2;
  s.dim = 256;
  s.heads = 4;
  s.kv_heads = 2;
  s.head_dim = 64;
  s.rope_dims = std::min<int64_t>(s.rope_dims, 64);
  s.ffn = 256;
  s.experts = std::min<int64_t>(s.experts, 8);
  s.top_k = std::min<int64_t>(s.top_k, 2);
  s.vocabulary = 1024;
  return s;
}

SyntheticModel::SyntheticModel(const ModelShape& shape, int64_t layers) : name_(shape.name) {
  training::Description description = shape;
  description.layers = layers;
  metadata_ = *training::metadata_of(description, shape.vocabulary);
  metadata_.set("general.name", "random trits in the shape of " + name_);
  const auto add = [&](const std::string& name, const std::vector<int64_t>& dims, TensorRole role) {
    roles_[name] = role;
    const bool exact = role == TensorRole::norm || role == TensorRole::router;
    const bool ternary = role == TensorRole::attention || role == TensorRole::feed_forward;
    TensorInfo info = {.name = name,
                       .type = ternary ? "trits"
                               : exact ? "F32"
                                       : "F16",
                       .shape = dims,
                       .ternary = ternary,
                       .dtype = exact ? DType::f32 : DType::f16};
    info.bytes = ternary ? trit_bytes(info.elements()) : static_cast<uint64_t>(info.elements()) * (exact ? 4 : 2);
    tensors_.push_back(std::move(info));
  };
  add("token_embd.weight", {shape.vocabulary, shape.dim}, TensorRole::embedding);
  const Result<Config> config = read_config(*this);
  if (!config.ok()) return;  // who loads it sees the same error
  for (const TensorSpec& slot : tensor_specs(*config)) {
    if (roles_.contains(slot.name) || (slot.optional && shape.tied_head)) continue;
    add(slot.name, slot.shape, slot.role);
  }
}

Result<std::unique_ptr<TernaryRows>> SyntheticModel::ternary_rows(const std::string& name) const {
  const TensorInfo* info = find(name);
  if (!info || !info->ternary) return error(StatusCode::not_found, name, " is not ternary");
  const std::vector<int64_t>& s = info->shape;
  if (!made_.contains(s)) made_[s] = random_trits(s.size() == 3 ? s[0] : 1, s[s.size() - 2], s.back(), made_.size());
  return rows_of(made_.at(s));
}

namespace {

// Of a matrix that they keep.
class OwnedRows final : public DenseRows {
 public:
  explicit OwnedRows(DenseMatrix matrix)
      : DenseRows(matrix.shape(), matrix.dtype), matrix_(std::move(matrix)), rows_(rows_of(matrix_)) {}
  Status read(int64_t first, int64_t n, std::span<std::byte> out) const override { return rows_->read(first, n, out); }

 private:
  DenseMatrix matrix_;
  std::unique_ptr<DenseRows> rows_;
};

}  // namespace

Result<std::unique_ptr<DenseRows>> SyntheticModel::dense_rows(const std::string& name) const {
  const TensorInfo* info = find(name);
  if (!info) return error(StatusCode::not_found, "there is no ", name);
  const std::vector<int64_t>& s = info->shape;
  if (info->dtype == DType::f16)
    return std::unique_ptr<DenseRows>(std::make_unique<OwnedRows>(random_halves(s[0], s[1], 1)));
  DenseMatrix matrix{.rows = s.size() > 1 ? s[0] : 1, .cols = s.back(), .dtype = DType::f32, .bytes = {}};
  const std::vector<float> values =
      roles_.at(name) == TensorRole::norm
          ? std::vector<float>(static_cast<size_t>(info->elements()), 1.0f)
          : random_floats(info->elements(), 0.1f, std::hash<std::string>()(name));  // a router: its own choices
  const auto bytes = std::as_bytes(std::span(values));
  matrix.bytes.assign(bytes.begin(), bytes.end());
  return std::unique_ptr<DenseRows>(std::make_unique<OwnedRows>(std::move(matrix)));
}

ModelBytes model_bytes(const ModelShape& shape) {
  ModelBytes bytes;
  const SyntheticModel model(shape, 1);
  for (const TensorInfo& info : model.tensors())
    (info.name.starts_with("blk.") ? bytes.layer : bytes.fixed) += info.bytes;
  return bytes;
}

uint64_t bytes_of_token(const ModelShape& s, int64_t layers) {
  const int64_t experts = s.experts > 0 ? s.top_k : 1;
  const uint64_t layer = trit_bytes(attention_elements(s) + 3 * experts * s.ffn * s.dim) +
                         static_cast<uint64_t>(s.experts * s.dim) * sizeof(float);
  return static_cast<uint64_t>(layers) * layer + static_cast<uint64_t>(s.vocabulary * s.dim) * 2;
}

}  // namespace tritium::gpu_report
