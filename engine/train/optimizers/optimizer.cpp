#include "train/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/checked_math.h"

namespace tritium::training {
namespace {

constexpr int64_t kSmallest8bit = 4096;
constexpr uint32_t kFlipStream = 0x40000000u;  // other random numbers than those of 8-bit states

Shape shape_of(const BitLinear& p) { return {p.n_matrices, p.rows, p.cols}; }

}  // namespace

OptimizerKind optimizer_of(OptimizerKind wanted, TensorRole role, int64_t rows, int64_t cols) {
  const bool hidden = role == TensorRole::attention || role == TensorRole::feed_forward;
  const bool by_adamw = wanted == OptimizerKind::muon && !(hidden && Muon::can_update(rows, cols));
  return by_adamw ? OptimizerKind::adamw : wanted;
}

void Optimizer::allocate(Allocator& allocator) {
  squares_ = allocator.tensor("squares", {static_cast<int64_t>(model_.parameters().size())});
  for (BitLinear* p : model_.parameters())
    if (p->trains()) allocate_states(allocator, *p);
  const uint64_t before = allocator.bytes();
  allocate_shared(allocator);
  shared_bytes_ = allocator.bytes() - before;
}

void Optimizer::allocate_states(Allocator& allocator, BitLinear& p) {
  const OptimizerKind kind = optimizer_of(options_.kind, p.role, p.rows, p.cols);
  const int64_t n_rows = p.n_matrices * p.rows;
  const bool adamw = kind == OptimizerKind::adamw;
  const bool codes = options_.states_8bit && p.elements() >= kSmallest8bit && adamw;
  const DType dtype = codes ? DType::i8 : DType::f32;
  if (!options_.by_layer) p.gradient = allocator.tensor(p.name + ".gradient", shape_of(p));
  const WeightQuantizer* quantizer = model_.quantizer_of(p);
  if (quantizer && quantizer->uses_sums()) p.sums = allocator.tensor(p.name + ".sums", {n_rows * p.groups_per_row()});
  if (p.ternary()) p.flips = allocator.tensor(p.name + ".flips", {n_rows}, DType::i32);
  if (p.adapter_inside()) return;  // its adapter has the states
  if (kind == OptimizerKind::adalomo) {
    p.row_squares = allocator.tensor(p.name + ".row_squares", {p.n_matrices, p.rows});
    p.col_squares = allocator.tensor(p.name + ".col_squares", {p.n_matrices, p.cols});
  } else {
    p.m = allocator.tensor(p.name + ".m", shape_of(p), dtype);
  }
  if (adamw) p.v = allocator.tensor(p.name + ".v", shape_of(p), dtype);
  if (codes) {
    const Shape blocks = {n_rows, ceil_div(p.cols, 256)};
    p.m_scales = allocator.tensor(p.name + ".m_scales", blocks);
    p.v_scales = allocator.tensor(p.name + ".v_scales", blocks);
  }
  if (kind == OptimizerKind::muon) muon_.allocate(allocator, p);
}

// What parameters use one after another, all zeros in between.
void Optimizer::allocate_shared(Allocator& allocator) {
  for (const BitLinear* p : model_.parameters())
    if (p->mode == WeightMode::stochastic && !changes_.contains(p->elements()))
      changes_[p->elements()] = allocator.tensor("change", {p->elements()});
  if (!options_.by_layer) return;
  const auto provide = [&](int64_t layer) {
    std::map<int64_t, size_t> needed;
    for (const BitLinear* p : model_.parameters_of(layer))
      if (p->trains() && !p->gradient && ++needed[p->elements()] > spare_.count(p->elements()))
        spare_.emplace(p->elements(), allocator.tensor("gradient", shape_of(*p)));
    lease_gradients(layer);
  };
  const int64_t last = model_.config().n_layers();
  provide(last);
  if (model_.tied_head()) provide(-1);
  for (int64_t layer = last; layer >= -1; --layer) {
    return_gradients(layer);
    if (layer >= 0) provide(layer - 1);
  }
}

ParameterBytes Optimizer::bytes() const {
  const auto sum = [](std::initializer_list<const Tensor*> tensors) {
    uint64_t bytes = 0;
    for (const Tensor* t : tensors)
      if (*t) bytes += static_cast<uint64_t>(t->bytes());
    return bytes;
  };
  ParameterBytes total{.gradients = shared_bytes_};
  for (const BitLinear* p : model_.parameters()) {
    total.shadows += sum({&p->shadow.data, &p->effective.data, &p->base.data});
    total.states +=
        sum({&p->m, &p->v, &p->m_scales, &p->v_scales, &p->row_squares, &p->col_squares, &p->sums, &p->flips});
    total.gradients += sum({&p->gradient});
    total.trits += sum({&p->packed.data, &p->packed.scales});
    total.averages += sum({&p->average});
  }
  return total;
}

uint32_t Optimizer::stream_of(const BitLinear& parameter) const {
  return static_cast<uint32_t>(std::ranges::find(model_.parameters(), &parameter) - model_.parameters().begin());
}

// Operations run in the order of their calls, so a gradient that was just used may be taken at once: it will be zeros.
Tensor Optimizer::take_gradient(const BitLinear& p) {
  const auto found = spare_.find(p.elements());
  return found == spare_.end() ? Tensor() : spare_.extract(found).mapped().view(shape_of(p));
}

void Optimizer::lease_gradients(int64_t layer) {
  for (BitLinear* p : model_.parameters_of(layer))
    if (p->trains() && !p->gradient) p->gradient = take_gradient(*p);
}

void Optimizer::return_gradients(int64_t layer) {
  for (BitLinear* p : model_.parameters_of(layer))
    if (p->gradient) spare_.emplace(p->elements(), std::exchange(p->gradient, {}));
}

// By a step of length 0.
void Optimizer::measure_shadow(Ops& ops, const BitLinear& p, const Tensor& no_gradient) {
  ops(SgdUpdate{.shadow = {.parameter = p.shadow, .sums = p.sums, .group_size = p.group_size},
                .gradient = no_gradient,
                .m = {},
                .learning_rate = 0.0f});
}

void Optimizer::record_start(Ops& ops) {
  for (const auto& quantizer : model_.quantizers()) {
    for (const BitLinear* member : quantizer->members()) {
      if (!quantizer->uses_sums()) continue;
      const Tensor none = options_.by_layer ? take_gradient(*member) : member->gradient;
      measure_shadow(ops, *member, none);
      if (options_.by_layer) spare_.emplace(member->elements(), none);
    }
    quantizer->measure(ops, true);
  }
}

void Optimizer::start(Workspace& workspace, float lambda) {
  if (!ops_.ok()) return;
  ops_.fail(workspace.run_once([this](Ops& ops) { record_start(ops); }));
  if (!std::exchange(started_, true)) measure_rates();
  step_.reset();  // rates are recorded
  model_.requantize(ops_, lambda);
}

// By the alphas that a run begins with: one that goes on from a checkpoint knows no others.
void Optimizer::measure_rates() {
  for (const auto& quantizer : model_.quantizers()) scale_rates(*quantizer);
  for (const BitLinear* p : model_.parameters())
    if (p->mode == WeightMode::stochastic) scale_rate(*p);
}

void Optimizer::scale_rate(const BitLinear& p) {
  if (options_.alpha_rate == 0.0f) return;
  const Result<TernaryMatrix> trits = ops_.backend().download_weight(p.packed);
  if (!trits.ok()) return ops_.fail(trits.status());
  double sum = 0;
  for (float scale : trits->scales()) sum += double{scale};
  rate_[&p] = std::abs(options_.alpha_rate) * static_cast<float>(sum / static_cast<double>(trits->scales().size()));
}

void Optimizer::scale_rates(const WeightQuantizer& quantizer) {
  if (options_.alpha_rate == 0.0f || !quantizer.packs()) return;  // integers learn at the rate itself
  std::vector<float> alphas(static_cast<size_t>(quantizer.alpha().elements()));
  ops_.download(quantizer.alpha(), std::as_writable_bytes(std::span(alphas)));
  double sum = 0;
  for (float alpha : alphas) sum += double{alpha};
  const auto mean = static_cast<float>(sum / static_cast<double>(alphas.size()));
  for (const BitLinear* member : quantizer.members())
    if (mean > 0.0f && (options_.alpha_rate > 0.0f || member->as_loaded))
      rate_[member] = std::abs(options_.alpha_rate) * mean;
}

float Optimizer::rate_of(const BitLinear& p) const {
  const auto found = rate_.find(&p);
  return found == rate_.end() ? 1.0f : found->second;
}

void Optimizer::measure(Ops& ops, const BitLinear& parameter) const {
  ops(SumSquares{.x = parameter.gradient, .sums = squares_, .index = stream_of(parameter)});
}

double Optimizer::gradient_norm(Workspace& workspace) {
  if (!options_.by_layer && !measure_) {
    Result<std::unique_ptr<Recording>> ready = workspace.record([this](Ops& ops) {
      for (const BitLinear* p : model_.parameters())
        if (p->trains()) measure(ops, *p);
    });
    if (!ready.ok()) return ops_.fail(ready.status()), 0.0;
    measure_ = *std::move(ready);
  }
  if (measure_ && ops_.ok()) ops_.fail(measure_->run());
  std::vector<float> values(model_.parameters().size());
  ops_.download(squares_, std::as_writable_bytes(std::span(values)));
  double total = 0;
  for (float value : values) total += value;
  return std::sqrt(total);
}

// Numbers of a step are factors of 1, or of the parameter's relative rate (shaders/lib/step.h).
ShadowUpdate Optimizer::shadow_update(const BitLinear& p, bool soft) const {
  const WeightQuantizer* quantizer = model_.quantizer_of(p);
  const bool trits = quantizer && quantizer->packs();
  const bool pack_now = trits && quantizer->packs_while_updating() && !soft;
  return {.parameter = p.shadow,
          .sums = p.sums,
          .alpha = trits ? quantizer->rounded_by() : Tensor(),
          .weight = pack_now ? p.trained_trits() : Weight(),
          .flips = pack_now ? p.flips : Tensor(),
          .group_size = p.group_size,
          .rounding = options_.rounding,
          .seed = options_.seed,
          .stream = stream_of(p),
          .noise_scale = trits ? 1.0f : 0.0f,
          .noise_zone = options_.noise_zone,
          .clip = trits ? options_.ste_clip : 0.0f,
          .uses = model_.uses_of(p)};
}

// The step as it would change a weight, made of 0, in place of a shadow.
ShadowUpdate Optimizer::change_of(const BitLinear& p) const {
  const Tensor& change = changes_.at(p.elements());
  return {.parameter = as_weight(change.view(shape_of(p)), p.name),
          .seed = options_.seed,
          .stream = stream_of(p),
          .uses = model_.uses_of(p)};
}

void Optimizer::adamw(Ops& ops, const BitLinear& p, const ShadowUpdate& shadow) const {
  ops(AdamwUpdate{.shadow = shadow,
                  .gradient = p.gradient,
                  .m = p.m,
                  .v = p.v,
                  .m_scales = p.m_scales,
                  .v_scales = p.v_scales,
                  .learning_rate = rate_of(p),
                  .beta1 = options_.beta1,
                  .beta2 = options_.beta2,
                  .eps = options_.eps,
                  .weight_decay = decay_of(p),
                  .now = model_.step_values()});
}

void Optimizer::sgd(Ops& ops, const BitLinear& p, const ShadowUpdate& shadow) const {
  ops(SgdUpdate{.shadow = shadow,
                .gradient = p.gradient,
                .m = p.m,
                .learning_rate = rate_of(p),
                .momentum = 1.0f,
                .weight_decay = decay_of(p),
                .now = model_.step_values()});
}

void Optimizer::muon(Ops& ops, const BitLinear& p, const ShadowUpdate& shadow) const {
  const Tensor direction = muon_.direction(ops, p, 1.0f, model_.step_values());
  // The direction is momentum already: what is left is a plain step. Weight decay goes by the learning rate itself.
  const auto scale = static_cast<float>(Muon::step_scale(p));
  ops(SgdUpdate{.shadow = shadow,
                .gradient = direction,
                .m = {},
                .learning_rate = rate_of(p) * scale,
                .weight_decay = decay_of(p) / scale,
                .scaled_by_step = false,
                .now = model_.step_values()});
  ops(ScaledAdd{.a = p.gradient, .b = p.gradient, .y = p.gradient, .a_scale = 0.0f, .b_scale = 0.0f});
}

void Optimizer::adalomo(Ops& ops, const BitLinear& p, const ShadowUpdate& shadow) const {
  ops(FactoredDirection{.gradient = p.gradient,
                        .row_squares = p.row_squares,
                        .col_squares = p.col_squares,
                        .beta2 = options_.beta2,
                        .now = model_.step_values()});
  ops(SgdUpdate{.shadow = shadow,
                .gradient = p.gradient,
                .m = {},
                .learning_rate = rate_of(p),
                .weight_decay = decay_of(p),
                .scaled_by_step = false,
                .now = model_.step_values()});
}

void Optimizer::record_update(Ops& ops, const BitLinear& p, bool soft) {
  const bool by_chance = p.mode == WeightMode::stochastic;
  const ShadowUpdate shadow = by_chance ? change_of(p) : shadow_update(p, soft);
  record_shadow(ops, p, shadow);
  if (by_chance)
    ops(FlipTrits{.change = shadow.parameter.data,
                  .weight = p.packed,
                  .flips = p.flips,
                  .seed = options_.seed,
                  .stream = stream_of(p) ^ kFlipStream,
                  .now = model_.step_values()});
}

void Optimizer::record_shadow(Ops& ops, const BitLinear& p, const ShadowUpdate& shadow) {
  switch (optimizer_of(options_.kind, p.role, p.rows, p.cols)) {
    case OptimizerKind::adamw: return adamw(ops, p, shadow);
    case OptimizerKind::muon: return muon(ops, p, shadow);
    case OptimizerKind::sgd: return sgd(ops, p, shadow);
    case OptimizerKind::adalomo: return adalomo(ops, p, shadow);
  }
}

void Optimizer::record_layer(Ops& ops, int64_t layer, bool soft) {
  const Ops::Label label(ops, "optimizer");
  for (const BitLinear* p : model_.parameters_of(layer))
    if (p->trains() && !p->adapter_inside()) record_update(ops, *p, soft);
  model_.record_no_uses(ops, layer);
  record_adapted(ops, layer);
  for (const auto& quantizer : model_.quantizers())
    if (quantizer->layer() == layer) quantizer->measure(ops, false);
  model_.record_requantize(ops, layer, soft);
}

// Whose adapters have just been updated.
void Optimizer::record_adapted(Ops& ops, int64_t layer) {
  model_.record_adapted_shadows(ops, layer);
  for (const BitLinear* p : model_.parameters_of(layer))
    if (p->adapter_inside() && p->sums) measure_shadow(ops, *p, p->gradient);
}

void Optimizer::record_step(Ops& ops, bool soft) {
  for (int64_t layer = -1; layer <= model_.config().n_layers(); ++layer) record_layer(ops, layer, soft);
}

void Optimizer::set_step(const StepOptions& o) {
  const auto t = static_cast<double>(o.step);
  StepValues& now = model_.now();
  now.step = static_cast<uint32_t>(o.step);
  now.learning_rate = o.learning_rate;
  now.correction1 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta1}, t)));
  now.correction2 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta2}, t)));
  now.momentum = o.momentum < 0.0f ? options_.momentum : o.momentum;
  now.weight_decay = o.weight_decay;
  now.gradient_scale = o.gradient_scale;
  now.noise_scale = o.noise_scale;
  now.lambda = o.lambda;
  for (BitLinear* p : model_.parameters())
    if (p->trains()) p->as_loaded = false;
  if (o.lambda >= 1.0f) return;
  Allocator allocator(ops_.backend());
  model_.make_soft(allocator);
  ops_.fail(allocator.status());
}

void Optimizer::step(Workspace& workspace, const StepOptions& options) {
  if (!ops_.ok()) return;
  const bool soft = options.lambda < 1.0f;
  set_step(options);
  const std::pair recorded_for = {model_.structure(), soft};
  if (!step_ || recorded_for_ != recorded_for) {
    Result<std::unique_ptr<Recording>> ready = workspace.record([&](Ops& ops) { record_step(ops, soft); });
    if (!ready.ok()) return ops_.fail(ready.status());
    step_ = *std::move(ready);
    recorded_for_ = recorded_for;
  }
  model_.upload_step(ops_);
  ops_.fail(step_->run());
  if (!soft) model_.drop_soft();
}

LayerUpdate Optimizer::layer_update(bool soft) {
  return {.begin =
              [this] {
                lease_gradients(model_.config().n_layers());
                if (model_.tied_head()) lease_gradients(-1);
              },
          .record =
              [this, soft](Ops& ops, int64_t layer) {
                for (const BitLinear* p : model_.parameters_of(layer))
                  if (p->trains()) measure(ops, *p);
                record_layer(ops, layer, soft);
                return_gradients(layer);
                lease_gradients(layer - 1);
              },
          .finished =
              [this, soft] {
                if (!soft) model_.drop_soft();
              },
          .structure = soft ? 1 : 2};
}

const LayerUpdate& Optimizer::update_by_layer(const StepOptions& options) {
  set_step(options);
  return update_ = layer_update(options.lambda < 1.0f);
}

}  // namespace tritium::training
