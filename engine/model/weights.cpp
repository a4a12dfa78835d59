#include "model/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
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

// A norm or a router: floats, whatever the file has.
Result<Weight> load_exact(const TensorMap& source, const TensorSpec& spec, Backend& backend) {
  const Result<std::vector<float>> values = source.load_f32(spec.name);
  if (!values.ok()) return values.status();
  DenseMatrix matrix{.n_matrices = 1, .rows = spec.rows(), .cols = spec.cols(), .dtype = DType::f32, .bytes = {}};
  matrix.bytes.resize(values->size() * sizeof(float));
  std::memcpy(matrix.bytes.data(), values->data(), matrix.bytes.size());
  return backend.upload_weight(matrix, spec.name);
}

// A tensor stored in a 2-bit type may still hold a fourth code (+2): then it is kept as a dense matrix.
Result<Weight> load_matrix(const TensorMap& source, const TensorSpec& spec, Backend& backend) {
  if (source.find(spec.name)->ternary) {
    const Result<TernaryMatrix> matrix = load_trits(source, spec.name);
    if (matrix.ok()) return backend.upload_weight(*matrix, spec.name);
    if (matrix.code() != StatusCode::unsupported) return matrix.status();
  }
  const Result<float> factor = factor_of(source, spec.name);
  if (!factor.ok()) return factor.status();
  if (*factor != 1.0f)
    return error(StatusCode::unsupported, source.source(), ": ", scale_name(spec.name), " is ", *factor, ", but ",
                 spec.name, " is not ternary; a factor of a dense matrix is not supported");
  const Result<DenseMatrix> matrix = source.load_dense(spec.name);
  if (!matrix.ok()) return matrix.status();
  return backend.upload_weight(*matrix, spec.name);
}

// The parameter, where the model looks for it.
void put(Weights& weights, const TensorSpec& spec, Weight weight) {
  weights.owned.push_back(std::make_unique<FixedParameter>(std::move(weight)));
  spec.where(weights.parameters) = weights.owned.back().get();
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
  std::map<std::string_view, const TensorInfo*> by_name;
  for (const TensorInfo& info : source.tensors()) by_name.emplace(info.name, &info);
  const auto find = [&](const std::string& name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  };
  for (const TensorSpec& spec : tensor_specs(config)) {
    known.insert(spec.name);
    const TensorInfo* info = find(spec.name);
    if (!info && spec.optional) continue;
    if (!info)
      return error(StatusCode::corrupt_file, source.source(), ": tensor ", spec.name, " ", text_of(spec.shape),
                   " is missing; ", config.architecture, " needs it");
    if (info->shape != spec.shape)
      return error(StatusCode::corrupt_file, source.source(), ": ", spec.name, " has shape ", text_of(info->shape),
                   ", the metadata asks for ", text_of(spec.shape));
    if (spec.exact()) continue;
    const std::string factor = scale_name(spec.name);
    if (const TensorInfo* scale = find(factor); scale && scale->elements() == 1) known.insert(factor);
  }
  for (const TensorInfo& info : source.tensors())
    if (!known.contains(info.name))
      return error(StatusCode::unsupported, source.source(), ": tensor ", info.name, " ", text_of(info.shape),
                   " is not part of a ", config.architecture,
                   " model as implemented here; ignoring it would give wrong text");
  return check_rope_factors(source, config);
}

FixedParameter* Weights::find(const std::string& name) const {
  const auto found = std::ranges::find(owned, name, [](const auto& p) { return p->weight().name; });
  return found == owned.end() ? nullptr : found->get();
}

Weights describe_weights(const TensorMap& source, const Config& config) {
  Weights weights;
  weights.parameters.layers.resize(config.layers.size());
  for (const TensorSpec& spec : tensor_specs(config)) {
    const TensorInfo* info = source.find(spec.name);
    if (!info) continue;
    const int64_t padded = round_up(spec.cols(), TernaryMatrix::kRowAlign);
    const auto without_memory = [&] { return Tensor{std::make_shared<Buffer>(), {spec.elements()}, DType::f32}; };
    put(weights, spec,
        {.dtype = info->ternary ? DType::trit2 : DType::f32,
         .n_matrices = spec.n_matrices(),
         .rows = spec.rows(),
         .cols = spec.cols(),
         .row_stride = info->ternary ? padded : spec.cols(),
         .group_size = info->ternary ? padded : 0,
         .name = spec.name,
         .data = without_memory(),
         .scales = info->ternary ? without_memory() : Tensor()});
  }
  if (!weights.parameters.output) weights.parameters.output = weights.parameters.token_embd;
  return weights;
}

Result<Weights> load_weights(const TensorMap& source, const Config& config, Backend& backend,
                             const std::function<bool(double)>& progress) {
  if (Status status = check_tensors(source, config); !status.ok()) return status;
  Weights weights;
  weights.parameters.layers.resize(config.layers.size());
  const std::vector<TensorSpec> specs = tensor_specs(config);
  for (size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (progress && !progress(static_cast<double>(i) / static_cast<double>(specs.size())))
      return error(StatusCode::cancelled, source.source(), ": loading was cancelled");
    if (spec.optional && !source.find(spec.name)) continue;
    Result<Weight> weight = spec.exact() ? load_exact(source, spec, backend) : load_matrix(source, spec, backend);
    if (!weight.ok()) return weight.status();
    put(weights, spec, *std::move(weight));
  }
  if (!weights.parameters.output) weights.parameters.output = weights.parameters.token_embd;
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
