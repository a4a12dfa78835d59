#include "training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/checked_math.h"

namespace tritium::training {
namespace {

constexpr int64_t kSmallest8bit = 4096;
constexpr uint32_t kFlipStream = 0x40000000u;  // other random numbers than those of 8-bit states

float decay_of(const BitLinear& p, const StepOptions& o) { return p.rows > 1 ? o.weight_decay : 0.0f; }

}  // namespace

OptimizerKind optimizer_of(OptimizerKind wanted, TensorRole role, int64_t rows, int64_t cols) {
  const bool hidden = role == TensorRole::attention || role == TensorRole::feed_forward;
  const bool by_adamw = wanted == OptimizerKind::muon && !(hidden && Muon::can_update(rows, cols));
  return by_adamw ? OptimizerKind::adamw : wanted;
}

Status Optimizer::allocate() {
  Status status;
  const auto make = [&](Tensor& tensor, const Shape& s, DType dtype, const std::string& name) {
    if (!status.ok()) return;
    Result<Tensor> made = ops_.backend().allocate(s, dtype, name);
    status = made.status();
    if (made.ok()) tensor = *made;
  };
  make(squares_, {static_cast<int64_t>(model_.parameters().size())}, DType::f32, "squares");
  for (BitLinear* p : model_.parameters()) {
    if (!p->trains()) continue;
    const Shape shape = {p->n_matrices, p->rows, p->cols};
    const int64_t n_rows = p->n_matrices * p->rows;
    const bool adamw = optimizer_of(options_.kind, p->role, p->rows, p->cols) == OptimizerKind::adamw;
    const bool codes = options_.states_8bit && p->elements() >= kSmallest8bit && adamw;
    const DType dtype = codes ? DType::i8 : DType::f32;
    if (!options_.by_layer) make(p->gradient, shape, DType::f32, p->name + ".gradient");
    make(p->m, shape, dtype, p->name + ".m");
    if (adamw) make(p->v, shape, dtype, p->name + ".v");
    if (codes) {
      const Shape blocks = {n_rows, ceil_div(p->cols, 256)};
      make(p->m_scales, blocks, DType::f32, p->name + ".m_scales");
      make(p->v_scales, blocks, DType::f32, p->name + ".v_scales");
    }
    if (p->mode == WeightMode::ternary) make(p->sums, {n_rows * p->groups_per_row()}, DType::f32, p->name + ".sums");
    if (p->ternary()) make(p->flips, {n_rows}, DType::i32, p->name + ".flips");
  }
  return status;
}

const ScaleGroup* Optimizer::group_of(const BitLinear* parameter) const {
  for (const ScaleGroup& group : model_.scale_groups())
    if (std::ranges::count(group.members(), parameter) > 0) return &group;
  return nullptr;
}

uint32_t Optimizer::stream_of(const BitLinear& parameter) const {
  return static_cast<uint32_t>(std::ranges::find(model_.parameters(), &parameter) - model_.parameters().begin());
}

// Operations run in the order of their calls, so a gradient that was just used may be taken at once: it will be zeros.
Tensor Optimizer::take_gradient(const BitLinear& p) {
  const Shape shape = {p.n_matrices, p.rows, p.cols};
  if (const auto found = spare_.find(p.elements()); found != spare_.end())
    return spare_.extract(found).mapped().view(shape);
  Result<Tensor> made = ops_.backend().allocate(shape, DType::f32, "gradient");
  if (!made.ok()) {
    ops_.fail(made.status());
    return {};
  }
  gradient_bytes_ += static_cast<uint64_t>(made->bytes());
  return *made;
}

void Optimizer::lease_gradients(int64_t layer) {
  if (!options_.by_layer) return;
  for (BitLinear* p : model_.parameters_of(layer))
    if (p->trains() && !p->gradient) p->gradient = take_gradient(*p);
}

void Optimizer::start(Arena& arena, float lambda) {
  for (ScaleGroup& group : model_.scale_groups()) {
    // A step of length 0 measures the shadows.
    for (BitLinear* member : group.members()) {
      const Tensor none = options_.by_layer ? take_gradient(*member) : member->gradient;
      if (!ops_.ok()) return;
      ops_(SgdUpdate{.shadow = {.parameter = member->shadow, .sums = member->sums, .group_size = member->group_size},
                     .gradient = none,
                     .m = {},
                     .learning_rate = 0.0f});
      if (options_.by_layer) spare_.emplace(member->elements(), none);
    }
    group.refresh(ops_, arena, true);
    scale_rates(group);
  }
  for (const BitLinear* p : model_.parameters())
    if (p->mode == WeightMode::stochastic) scale_rate(*p);
  model_.requantize(ops_, lambda);
}

void Optimizer::scale_rate(const BitLinear& p) {
  if (options_.alpha_rate == 0.0f) return;
  const Result<TernaryMatrix> trits = ops_.backend().download_weight(p.packed);
  if (!trits.ok()) return ops_.fail(trits.status());
  double sum = 0;
  for (float scale : trits->scales()) sum += double{scale};
  rate_[&p] = std::abs(options_.alpha_rate) * static_cast<float>(sum / static_cast<double>(trits->scales().size()));
}

void Optimizer::scale_rates(const ScaleGroup& group) {
  if (options_.alpha_rate == 0.0f) return;
  std::vector<float> alphas(static_cast<size_t>(group.n_scales()));
  ops_.download(group.alpha(), std::as_writable_bytes(std::span(alphas)));
  double sum = 0;
  for (float alpha : alphas) sum += double{alpha};
  const auto mean = static_cast<float>(sum / static_cast<double>(alphas.size()));
  for (const BitLinear* member : group.members())
    if (mean > 0.0f && (options_.alpha_rate > 0.0f || member->as_loaded))
      rate_[member] = std::abs(options_.alpha_rate) * mean;
}

StepOptions Optimizer::options_for(const BitLinear& p, const StepOptions& options) const {
  StepOptions own = options;
  if (const auto found = rate_.find(&p); found != rate_.end()) own.learning_rate *= found->second;
  return own;
}

void Optimizer::measure(const BitLinear& parameter) {
  ops_(SumSquares{.x = parameter.gradient, .sums = squares_, .index = stream_of(parameter)});
}

double Optimizer::gradient_norm() {
  for (const BitLinear* p : model_.parameters())
    if (p->trains() && p->gradient && !options_.by_layer) measure(*p);
  std::vector<float> values(model_.parameters().size());
  ops_.download(squares_, std::as_writable_bytes(std::span(values)));
  double total = 0;
  for (float value : values) total += value;
  return std::sqrt(total);
}

ShadowUpdate Optimizer::shadow_update(const BitLinear& p, const StepOptions& o, const ScaleGroup* group) const {
  const bool pack_now = group && group->running() && o.lambda >= 1.0f && !p.effective.data;
  return {.parameter = p.shadow,
          .sums = p.sums,
          .alpha = group ? group->alpha() : Tensor(),
          .weight = pack_now ? p.packed : Weight(),
          .flips = pack_now ? p.flips : Tensor(),
          .group_size = p.group_size,
          .rounding = options_.rounding,
          .seed = options_.seed,
          .step = static_cast<uint32_t>(o.step),
          .stream = stream_of(p),
          .noise_scale = group ? o.noise_scale : 0.0f,
          .noise_zone = options_.noise_zone,
          .clip = group ? options_.ste_clip : 0.0f};
}

void Optimizer::adamw(const BitLinear& p, const ShadowUpdate& shadow, const StepOptions& o) const {
  const auto t = static_cast<double>(o.step);
  ops_(AdamwUpdate{.shadow = shadow,
                   .gradient = p.gradient,
                   .m = p.m,
                   .v = p.v,
                   .m_scales = p.m_scales,
                   .v_scales = p.v_scales,
                   .learning_rate = o.learning_rate,
                   .beta1 = options_.beta1,
                   .beta2 = options_.beta2,
                   .eps = options_.eps,
                   .weight_decay = decay_of(p, o),
                   .correction1 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta1}, t))),
                   .correction2 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta2}, t))),
                   .gradient_scale = o.gradient_scale});
}

void Optimizer::muon(Arena& arena, const BitLinear& p, const ShadowUpdate& shadow, const StepOptions& o) {
  const Tensor direction = muon_.direction(arena, p, options_.momentum, o.gradient_scale);
  if (!ops_.ok()) return;
  // The direction is momentum already: what is left is a plain step. Weight decay goes by the learning rate itself.
  const auto scale = static_cast<float>(Muon::step_scale(p));
  ops_(SgdUpdate{.shadow = shadow,
                 .gradient = direction,
                 .m = {},
                 .learning_rate = o.learning_rate * scale,
                 .weight_decay = decay_of(p, o) / scale});
  ops_(ScaledAdd{.a = p.gradient, .b = p.gradient, .y = p.gradient, .a_scale = 0.0f, .b_scale = 0.0f});
}

// The step as it would change a weight, made of 0, in place of a shadow.
ShadowUpdate Optimizer::change_of(const BitLinear& p, const StepOptions& o) {
  Tensor& change = changes_[p.elements()];
  if (!change) {
    Result<Tensor> made = ops_.backend().allocate({p.elements()}, DType::f32, "change");
    if (!made.ok()) {
      ops_.fail(made.status());
      return {};
    }
    change = *made;
    const std::vector<float> zeros(static_cast<size_t>(p.elements()));
    ops_.upload(change, std::as_bytes(std::span(zeros)));
  }
  return {.parameter = as_weight(change.view({p.n_matrices, p.rows, p.cols}), p.name),
          .seed = options_.seed,
          .step = static_cast<uint32_t>(o.step),
          .stream = stream_of(p)};
}

void Optimizer::update(Arena& arena, BitLinear& p, const StepOptions& options, const ScaleGroup* group) {
  p.as_loaded = false;
  const StepOptions o = options_for(p, options);
  const bool by_chance = p.mode == WeightMode::stochastic;
  const ShadowUpdate shadow = by_chance ? change_of(p, o) : shadow_update(p, o, group);
  if (!ops_.ok()) return;
  step_shadow(arena, p, shadow, o);
  if (by_chance && ops_.ok())
    ops_(FlipTrits{.change = shadow.parameter.data,
                   .weight = p.packed,
                   .flips = p.flips,
                   .seed = options_.seed,
                   .step = static_cast<uint32_t>(o.step),
                   .stream = stream_of(p) ^ kFlipStream});
}

void Optimizer::step_shadow(Arena& arena, const BitLinear& p, const ShadowUpdate& shadow, const StepOptions& o) {
  switch (optimizer_of(options_.kind, p.role, p.rows, p.cols)) {
    case OptimizerKind::adamw: return adamw(p, shadow, o);
    case OptimizerKind::muon: return muon(arena, p, shadow, o);
    case OptimizerKind::sgd:
      return ops_(SgdUpdate{.shadow = shadow,
                            .gradient = p.gradient,
                            .m = p.m,
                            .learning_rate = o.learning_rate,
                            .momentum = options_.momentum,
                            .weight_decay = decay_of(p, o),
                            .gradient_scale = o.gradient_scale});
  }
}

void Optimizer::update_layer(Arena& arena, int64_t layer, const StepOptions& options) {
  const Ops::Label label(ops_, "optimizer");
  bool packed = true;
  for (BitLinear* p : model_.parameters_of(layer)) {
    if (!p->trains()) continue;
    const ScaleGroup* group = group_of(p);
    update(arena, *p, options, group);
    // Running alphas: the pass has packed already, except in the step that ends the warm start.
    if (group) packed = packed && group->running() && !p->effective.data && options.lambda >= 1.0f;
    packed = packed && quantizer_of(p->mode) == Quantizer::ternary;
  }
  for (ScaleGroup* group : model_.scale_groups_of(layer)) group->refresh(ops_, arena);
  if (!packed) model_.requantize(ops_, options.lambda, layer);
}

void Optimizer::step(Arena& arena, const StepOptions& options) {
  for (int64_t layer = -1; layer <= model_.config().n_layers(); ++layer) update_layer(arena, layer, options);
}

std::function<void(int64_t)> Optimizer::update_by_layer(Arena& arena, const StepOptions& options) {
  const int64_t last = model_.config().n_layers();
  lease_gradients(last);
  if (model_.tied_head()) lease_gradients(-1);
  return [this, &arena, &options](int64_t layer) {
    for (const BitLinear* p : model_.parameters_of(layer))
      if (p->trains()) measure(*p);
    update_layer(arena, layer, options);
    for (BitLinear* p : model_.parameters_of(layer))
      if (p->gradient) spare_.emplace(p->elements(), std::exchange(p->gradient, {}));
    lease_gradients(layer - 1);
  };
}

uint64_t Optimizer::bytes() const {
  const Tensor none;
  uint64_t total = 0;
  for (const BitLinear* p : model_.parameters())
    for (const Tensor* t : {&p->packed.data, &p->packed.scales, &p->shadow.data, &p->effective.data, &p->gradient,
                            &p->m, &p->v, &p->m_scales, &p->v_scales, &p->sums, &p->flips, &p->average})
      if (*t) total += static_cast<uint64_t>(t->bytes());
  for (const auto& [elements, change] : changes_) total += static_cast<uint64_t>(change.bytes());
  return total + (options_.by_layer ? gradient_bytes_ : 0);
}

}  // namespace tritium::training
