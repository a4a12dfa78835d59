#include "model/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/format_text.h"
#include "model/weight_cache.h"
#include "ops/weight_layout.h"

namespace tritium {
namespace {

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

// Rows whose scales are multiplied by a factor.
class ScaledRows final : public TernaryRows {
 public:
  ScaledRows(std::unique_ptr<TernaryRows> rows, float factor)
      : TernaryRows(rows->shape(), rows->group_size(), rows->groups_may_merge()),
        rows_(std::move(rows)),
        factor_(factor) {}

  Status read(int64_t first, int64_t n, std::span<uint32_t> words, std::span<float> scales) const override {
    Status status = rows_->read(first, n, words, scales);
    for (float& scale : scales.first(static_cast<size_t>(n * groups_per_row()))) scale *= factor_;
    return status;
  }

 private:
  std::unique_ptr<TernaryRows> rows_;
  float factor_;
};

Result<Weight> load_ternary_matrix(const TensorMap& source, const std::string& name, float factor, Backend& backend) {
  Result<std::unique_ptr<TernaryRows>> rows = source.ternary_rows(name);
  if (!rows.ok()) return rows.status();
  if (factor != 1.0f) rows = std::unique_ptr<TernaryRows>(std::make_unique<ScaledRows>(*std::move(rows), factor));
  return backend.upload_rows(**rows, name);
}

// A tensor stored in a 2-bit type may still hold a fourth code (+2): then it is kept as a dense matrix.
Result<Weight> load_matrix(const TensorMap& source, const TensorSpec& spec, Backend& backend) {
  const Result<float> factor = factor_of(source, spec.name);
  if (!factor.ok()) return factor.status();
  if (source.find(spec.name)->ternary) {
    Result<Weight> weight = load_ternary_matrix(source, spec.name, *factor, backend);
    if (weight.ok() || weight.code() != StatusCode::unsupported) return weight;
  }
  if (*factor != 1.0f)
    return error(StatusCode::unsupported, source.source(), ": ", scale_name(spec.name), " is ", *factor, ", but ",
                 spec.name, " is not ternary; a factor of a dense matrix is not supported");
  const Result<std::unique_ptr<DenseRows>> rows = source.dense_rows(spec.name);
  if (!rows.ok()) return rows.status();
  return backend.upload_rows(**rows, spec.name);
}

Weights no_weights(const Config& config) {
  Weights weights;
  weights.parameters.layers.resize(config.layers.size());
  return weights;
}

// The parameter, where the model looks for it.
void put(Weights& weights, const TensorSpec& spec, Weight weight) {
  weights.owned.push_back(std::make_unique<FixedParameter>(std::move(weight)));
  spec.where(weights.parameters) = weights.owned.back().get();
}

// A model without a head of its own has the embedding for it.
void tie_head(Weights& weights) {
  if (!weights.parameters.output) weights.parameters.output = weights.parameters.token_embd;
}

}  // namespace

Result<TernaryMatrix> load_trits(const TensorMap& source, const std::string& name) {
  const Result<float> factor = factor_of(source, name);
  if (!factor.ok()) return factor.status();
  Result<TernaryMatrix> matrix = source.load_ternary(name);
  if (matrix.ok() && *factor != 1.0f) matrix->multiply_scales(*factor);
  return matrix;
}

FixedParameter* Weights::find(const std::string& name) const {
  const auto found = std::ranges::find(owned, name, [](const auto& p) { return p->weight().name; });
  return found == owned.end() ? nullptr : found->get();
}

Weights share_weights(const Weights& weights, const Config& config) {
  Weights shared = no_weights(config);
  shared.rope_factors = weights.rope_factors;
  for (const TensorSpec& spec : tensor_specs(config))
    if (const FixedParameter* parameter = weights.find(spec.name)) put(shared, spec, parameter->weight());
  tie_head(shared);
  return shared;
}

Weights describe_weights(const CheckedModel& model) {
  const TensorMap& source = model.tensors();
  const Config& config = model.config();
  Weights weights = no_weights(config);
  for (const TensorSpec& spec : tensor_specs(config)) {
    const TensorInfo* info = source.find(spec.name);
    if (!info) continue;
    const auto without_memory = [](Tensor plane) {
      plane.buffer = std::make_shared<Buffer>();
      return plane;
    };
    Weight weight = info->ternary ? describe_weight(TernaryMatrix::described(spec.n_matrices(), spec.rows(),
                                                                             spec.cols(), ScaleGranularity::row),
                                                    spec.name)
                                  : describe_weight(DenseMatrix{.n_matrices = spec.n_matrices(),
                                                                .rows = spec.rows(),
                                                                .cols = spec.cols(),
                                                                .dtype = spec.exact() ? DType::f32 : info->dtype,
                                                                .bytes = {}},
                                                    spec.name);
    weight.data = without_memory(weight.data);
    if (weight.has_scales()) weight.scales = without_memory(weight.scales);
    put(weights, spec, std::move(weight));
  }
  tie_head(weights);
  return weights;
}

namespace {

// Every tensor of the model from weight_of(its spec).
template <typename WeightOf>
Result<Weights> collect_weights(const CheckedModel& model, Backend& backend,
                                const std::function<bool(double)>& progress, const WeightOf& weight_of) {
  const TensorMap& source = model.tensors();
  const Config& config = model.config();
  Weights weights = no_weights(config);
  const std::vector<TensorSpec> specs = tensor_specs(config);
  for (size_t i = 0; i < specs.size(); ++i) {
    const TensorSpec& spec = specs[i];
    if (progress && !progress(static_cast<double>(i) / static_cast<double>(specs.size())))
      return error(StatusCode::cancelled, source.source(), ": loading was cancelled");
    if (spec.optional && !source.find(spec.name)) continue;
    Result<Weight> weight = weight_of(spec);
    if (!weight.ok()) return weight.status();
    put(weights, spec, *std::move(weight));
  }
  tie_head(weights);
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

}  // namespace

Result<Weights> load_weights(const CheckedModel& model, Backend& backend, const std::function<bool(double)>& progress) {
  const TensorMap& source = model.tensors();
  return collect_weights(model, backend, progress, [&](const TensorSpec& spec) {
    return spec.exact() ? load_exact(source, spec, backend) : load_matrix(source, spec, backend);
  });
}

Result<Weights> restore_weights(const CheckedModel& model, Backend& backend, const WeightCache& cache) {
  return collect_weights(model, backend, {}, [&](const TensorSpec& spec) { return cache.restore(spec, backend); });
}

}  // namespace tritium
