#include "model/weights.h"

#include <cmath>
#include <cstring>
#include <set>

#include "base/checked_math.h"
#include "base/format_text.h"

namespace tritium {
namespace {

constexpr const char* kRopeFactors = "rope_freqs.weight";

std::string text_of(const std::vector<int64_t>& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) s += ',';
    s += std::to_string(shape[i]);
  }
  return s += ']';
}

// bitnet's optional factor of a matrix: "blk.0.attn_q.weight" -> "blk.0.attn_q.scale".
std::string scale_name(const std::string& matrix) {
  constexpr std::string_view kSuffix = ".weight";
  return matrix.substr(0, matrix.size() - kSuffix.size()) + ".scale";
}

Result<float> factor_of(const TensorMap& source, const std::string& matrix) {
  if (!source.find(scale_name(matrix))) return 1.0f;
  const Result<std::vector<float>> values = source.load_f32(scale_name(matrix));
  if (!values.ok()) return values.status();
  return values->front();
}

Result<Tensor> load_vector(const TensorMap& source, const std::string& name, Backend& backend) {
  const Result<std::vector<float>> values = source.load_f32(name);
  if (!values.ok()) return values.status();
  Result<Tensor> tensor = backend.allocate({static_cast<int64_t>(values->size())}, DType::f32, name);
  if (!tensor.ok()) return tensor;
  if (Status status = backend.upload(*tensor, std::as_bytes(std::span(*values))); !status.ok()) return status;
  return tensor;
}

Result<Weight> load_router(const TensorMap& source, const WeightSlot& slot, Backend& backend) {
  const Result<std::vector<float>> values = source.load_f32(slot.name);
  if (!values.ok()) return values.status();
  DenseMatrix matrix{.n_matrices = 1, .rows = slot.shape[0], .cols = slot.shape[1], .dtype = DType::f32, .bytes = {}};
  matrix.bytes.resize(values->size() * sizeof(float));
  std::memcpy(matrix.bytes.data(), values->data(), matrix.bytes.size());
  return backend.upload_weight(matrix, slot.name);
}

// A tensor stored in a 2-bit type may still hold a fourth code (+2): then it is kept as a dense matrix.
Result<Weight> load_matrix(const TensorMap& source, const WeightSlot& slot, Backend& backend) {
  if (source.find(slot.name)->ternary) {
    const Result<TernaryMatrix> matrix = load_trits(source, slot.name);
    if (matrix.ok()) return backend.upload_weight(*matrix, slot.name);
    if (matrix.code() != StatusCode::unsupported) return matrix.status();
  }
  const Result<float> factor = factor_of(source, slot.name);
  if (!factor.ok()) return factor.status();
  if (*factor != 1.0f)
    return error(StatusCode::unsupported, source.source(), ": ", scale_name(slot.name), " is ", *factor, ", but ",
                 slot.name, " is not ternary; a factor of a dense matrix is not supported");
  const Result<DenseMatrix> matrix = source.load_dense(slot.name);
  if (!matrix.ok()) return matrix.status();
  return backend.upload_weight(*matrix, slot.name);
}

Status load_slot(const TensorMap& source, const WeightSlot& slot, Backend& backend, Weights& weights) {
  if (slot.kind == WeightKind::norm) {
    Result<Tensor> tensor = load_vector(source, slot.name, backend);
    if (tensor.ok()) slot.vector(weights) = *tensor;
    return tensor.status();
  }
  Result<Weight> weight =
      slot.kind == WeightKind::router ? load_router(source, slot, backend) : load_matrix(source, slot, backend);
  if (weight.ok()) slot.matrix(weights) = *weight;
  return weight.status();
}

Status check_rope_factors(const TensorMap& source, const Config& config) {
  const TensorInfo* info = source.find(kRopeFactors);
  if (!info || info->shape == std::vector{config.rope_dims / 2}) return Status();
  return error(StatusCode::corrupt_file, source.source(), ": ", kRopeFactors, " has shape ", text_of(info->shape),
               ", must be [", config.rope_dims / 2, "]");
}

}  // namespace

Result<TernaryMatrix> load_trits(const TensorMap& source, const std::string& name) {
  const Result<float> factor = factor_of(source, name);
  if (!factor.ok()) return factor.status();
  Result<TernaryMatrix> matrix = source.load_ternary(name);
  if (matrix.ok() && *factor != 1.0f) matrix->multiply_scales(*factor);
  return matrix;
}

Status check_tensors(const TensorMap& source, const Config& config) {
  std::set<std::string> known = {kRopeFactors};
  for (const WeightSlot& slot : weight_slots(config)) {
    known.insert(slot.name);
    const TensorInfo* info = source.find(slot.name);
    if (!info && slot.optional) continue;
    if (!info)
      return error(StatusCode::corrupt_file, source.source(), ": tensor ", slot.name, " ", text_of(slot.shape),
                   " is missing; ", config.architecture, " needs it");
    if (info->shape != slot.shape)
      return error(StatusCode::corrupt_file, source.source(), ": ", slot.name, " has shape ", text_of(info->shape),
                   ", the metadata asks for ", text_of(slot.shape));
    if (slot.kind != WeightKind::matrix) continue;
    const std::string factor = scale_name(slot.name);
    if (const TensorInfo* scale = source.find(factor); scale && scale->elements() == 1) known.insert(factor);
  }
  for (const TensorInfo& info : source.tensors())
    if (!known.contains(info.name))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name, " ", text_of(info.shape),
                   " is not part of a ", config.architecture,
                   " model as implemented here; ignoring it would give wrong text");
  return check_rope_factors(source, config);
}

Weights describe_weights(const TensorMap& source, const Config& config) {
  Weights weights;
  weights.layers.resize(config.layers.size());
  for (const WeightSlot& slot : weight_slots(config)) {
    const TensorInfo* info = source.find(slot.name);
    if (!info) continue;
    const Tensor placeholder = {std::make_shared<Buffer>(), {1}, DType::f32};
    if (slot.kind == WeightKind::norm) {
      slot.vector(weights) = {placeholder.buffer, {slot.shape[0]}, DType::f32};
      continue;
    }
    const bool stack = slot.shape.size() == 3;
    const int64_t rows = slot.shape[stack ? 1 : 0], cols = slot.shape.back();
    const int64_t padded = round_up(cols, TernaryMatrix::kRowAlign);
    slot.matrix(weights) = {.dtype = info->ternary ? DType::trit2 : DType::f32,
                            .n_matrices = stack ? slot.shape[0] : 1,
                            .rows = rows,
                            .cols = cols,
                            .row_stride = info->ternary ? padded : cols,
                            .group_size = info->ternary ? padded : 0,
                            .name = slot.name,
                            .data = placeholder,
                            .scales = placeholder};
  }
  if (!weights.output.data) weights.output = weights.token_embd;
  return weights;
}

Result<Weights> load_weights(const TensorMap& source, const Config& config, Backend& backend,
                             const std::function<bool(double)>& progress) {
  if (Status status = check_tensors(source, config); !status.ok()) return status;
  Weights weights;
  weights.layers.resize(config.layers.size());
  const std::vector<WeightSlot> slots = weight_slots(config);
  for (size_t i = 0; i < slots.size(); ++i) {
    if (progress && !progress(static_cast<double>(i) / static_cast<double>(slots.size())))
      return error(StatusCode::cancelled, source.source(), ": loading was cancelled");
    if (slots[i].optional && !source.find(slots[i].name)) continue;
    if (Status status = load_slot(source, slots[i], backend, weights); !status.ok()) return status;
  }
  if (!weights.output.data) weights.output = weights.token_embd;
  if (source.find(kRopeFactors)) {
    Result<std::vector<float>> factors = source.load_f32(kRopeFactors);
    if (!factors.ok()) return factors.status();
    for (float f : *factors)
      if (!(std::abs(f) > 1e-6f))
        return error(StatusCode::corrupt_file, source.source(), ": ", kRopeFactors, " holds ", f,
                     "; factors must not be 0");
    weights.rope_factors = *std::move(factors);
  }
  if (Status status = backend.submit(); !status.ok()) return status;
  if (progress) progress(1.0);
  return weights;
}

}  // namespace tritium
