#include "train/calibration.h"

#include <algorithm>
#include <variant>

#include "base/cancel.h"
#include "base/format_text.h"
#include "train/quantizers/gptq.h"

namespace tritium::training {
namespace {

template <typename T>
Result<std::vector<T>> downloaded(Backend& backend, const Tensor& tensor) {
  std::vector<T> values(static_cast<size_t>(tensor.elements()));
  if (Status s = backend.download(tensor, std::as_writable_bytes(std::span(values))); !s.ok()) return s;
  return values;
}

// Of the inputs of a parameter: sums of x x^T, lower triangles.
struct Inputs {
  const WeightQuantizer* quantizer = nullptr;
  BitLinear* parameter = nullptr;
  std::vector<std::vector<double>> hessians{};  // of each matrix; empty: it had none
};

void add_outer_product(std::vector<double>& sum, std::span<const float> x) {
  const size_t n = x.size();
  sum.resize(n * n);
  for (size_t i = 0; i < n; ++i) {
    const double factor = x[i];
    if (factor == 0.0) continue;
    double* row = sum.data() + i * n;
    for (size_t k = 0; k <= i; ++k) row[k] += factor * double{x[k]};
  }
}

Status add_inputs(Backend& backend, const DenseMatmul& product, Inputs& inputs) {
  const Result<std::vector<float>> x = downloaded<float>(backend, product.x);
  if (!x.ok()) return x.status();
  Result<std::vector<int32_t>> experts = std::vector<int32_t>();
  if (product.expert_ids) experts = downloaded<int32_t>(backend, product.expert_ids);
  if (!experts.ok()) return experts.status();
  const DenseMatmulParams p = product.params();
  for (size_t row = 0; row < p.n_rows; ++row) {
    check_cancelled();
    const int64_t matrix = experts->empty() ? 0 : (*experts)[row];
    if (matrix < 0 || matrix >= inputs.parameter->n_matrices) continue;
    add_outer_product(inputs.hessians[static_cast<size_t>(matrix)],
                      std::span(*x).subspan(row / p.rows_per_x * p.cols, p.cols));
  }
  return Status();
}

class Calibration {
 public:
  Calibration(Ops& ops, Transformer& model, const BatchTensors& tensors, const Program& pass)
      : ops_(ops), backend_(ops.backend()), model_(model), tensors_(tensors), pass_(pass) {}

  Status round_layer(int64_t layer, std::span<const TokenBatch> batches) {
    layer_.clear();
    for (const auto& quantizer : model_.quantizers())
      if (!quantizer->packs() && quantizer->layer() == layer)
        for (BitLinear* p : quantizer->members())
          layer_.push_back({quantizer.get(), p, std::vector<std::vector<double>>(static_cast<size_t>(p->n_matrices))});
    if (layer_.empty()) return Status();
    for (const TokenBatch& batch : batches)
      if (Status s = see(batch); !s.ok()) return s;
    for (Inputs& inputs : layer_)
      if (Status s = round(inputs); !s.ok()) return s.within(inputs.parameter->name);
    return Status();
  }

 private:
  // The pass, operation by operation; products of the layer are seen before they run.
  Status see(const TokenBatch& batch) {
    model_.upload_tokens(ops_, tensors_, batch.inputs);
    if (Status s = ops_.finish(); !s.ok()) return s;
    for (const Program::Step& step : pass_.steps()) {
      if (const auto* product = std::get_if<DenseMatmul>(&step.op))
        if (Inputs* inputs = inputs_of(product->weight))
          if (Status s = add_inputs(backend_, *product, *inputs); !s.ok()) return s;
      Status ran = std::visit([this](const auto& op) { return backend_.run(op); }, step.op);
      if (!ran.ok()) return ran;
    }
    return Status();
  }

  Inputs* inputs_of(const Weight& weight) {
    const auto found = std::ranges::find_if(
        layer_, [&](const Inputs& i) { return i.parameter->effective.data.buffer == weight.data.buffer; });
    return found == layer_.end() ? nullptr : &*found;
  }

  Status round(Inputs& inputs) {
    BitLinear& p = *inputs.parameter;
    Result<std::vector<float>> weights = p.values(backend_);
    if (!weights.ok()) return weights.status();
    const Result<std::vector<float>> scales = downloaded<float>(backend_, inputs.quantizer->alpha());
    if (!scales.ok()) return scales.status();
    const auto n = static_cast<size_t>(p.n_matrices), size = weights->size() / n, n_scales = scales->size() / n;
    bool any = false;
    for (size_t m = 0; m < n; ++m) {
      if (inputs.hessians[m].empty())
        inputs.hessians[m].resize(static_cast<size_t>(p.cols * p.cols));
      else
        any = true;
      Status rounded = gptq_round(std::span(*weights).subspan(m * size, size), p.cols, std::move(inputs.hessians[m]),
                                  {.scales = std::span(*scales).subspan(m * n_scales, n_scales),
                                   .group_size = p.group_size,
                                   .qmax = static_cast<int>(quantizer_of(p.mode))});
      if (!rounded.ok()) return rounded;
    }
    if (!any) return Status();
    if (Status s = take(p, *weights); !s.ok()) return s;
    inputs.quantizer->quantize(ops_);
    if (Status s = ops_.finish(); !s.ok()) return s;
    const Result<std::vector<float>> again = p.forward_values(backend_);
    if (!again.ok()) return again.status();
    return *again == *weights ? Status()
                              : error(StatusCode::internal, "the quantiser does not keep what lies on its grid");
  }

  Status take(BitLinear& p, const std::vector<float>& weights) {
    const Result<Tensor> floats = backend_.allocate(p.shadow.data.shape, DType::f32, p.name);
    if (!floats.ok()) return floats.status();
    const auto cols = static_cast<size_t>(p.cols), stride = static_cast<size_t>(p.shadow.row_stride);
    std::vector<float> padded(static_cast<size_t>(floats->elements()));
    for (size_t row = 0; row < weights.size() / cols; ++row)
      std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(row * cols), cols,
                  padded.begin() + static_cast<std::ptrdiff_t>(row * stride));
    if (Status s = backend_.upload(*floats, std::as_bytes(std::span(padded))); !s.ok()) return s;
    return p.set_shadow(backend_, *floats);
  }

  Ops& ops_;
  Backend& backend_;
  Transformer& model_;
  const BatchTensors& tensors_;
  const Program& pass_;
  std::vector<Inputs> layer_;
};

}  // namespace

bool has_integers(const Transformer& model) {
  return std::ranges::any_of(model.quantizers(), [](const auto& quantizer) { return !quantizer->packs(); });
}

Status round_calibrated(Ops& ops, Workspace& workspace, Transformer& model, std::span<const TokenBatch> batches) {
  if (batches.empty()) return Status();
  Allocator allocator(ops.backend());
  const BatchTensors& tensors =
      model.tensors_of(allocator, batches.front().n_sequences, batches.front().sequence_length);
  if (!allocator.ok()) return allocator.status();
  // Integers stay where they are while their shadows change: one recording for all layers.
  const Result<std::unique_ptr<Recording>> pass =
      workspace.record([&](Ops& recorded) { model.record_loss(recorded, tensors, {}); });
  if (!pass.ok()) return pass.status();
  model.upload_step(ops);
  Calibration calibration(ops, model, tensors, (*pass)->program());
  for (int64_t layer = -1; layer <= model.config().n_layers(); ++layer)
    if (Status s = calibration.round_layer(layer, batches); !s.ok()) return s;
  return Status();
}

}  // namespace tritium::training
