#include "training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/checked_math.h"

namespace tritium::training {
namespace {

constexpr int64_t kSmallest8bit = 4096;

}  // namespace

Status Optimizer::allocate(Backend& backend) {
  for (BitLinear* p : model_.parameters()) {
    if (!p->trains()) continue;
    const Shape shape = {p->n_matrices, p->rows, p->cols};
    const int64_t n_rows = p->n_matrices * p->rows;
    Status status;
    const auto make = [&](Tensor& tensor, const Shape& s, DType dtype, const char* what) {
      if (!status.ok()) return;
      Result<Tensor> made = backend.allocate(s, dtype, p->name + what);
      status = made.status();
      if (made.ok()) tensor = *made;
    };
    const bool codes = options_.states_8bit && p->elements() >= kSmallest8bit;
    const DType dtype = codes ? DType::i8 : DType::f32;
    make(p->gradient, shape, DType::f32, ".gradient");
    make(p->m, shape, dtype, ".m");
    if (options_.kind == OptimizerKind::adamw) {
      make(p->v, shape, dtype, ".v");
      if (codes) {
        const Shape blocks = {n_rows, ceil_div(p->cols, 256)};
        make(p->m_scales, blocks, DType::f32, ".m_scales");
        make(p->v_scales, blocks, DType::f32, ".v_scales");
      }
    }
    if (p->mode == WeightMode::ternary) {
      make(p->sums, {n_rows * p->groups_per_row()}, DType::f32, ".sums");
      make(p->flips, {n_rows}, DType::i32, ".flips");
    }
    if (!status.ok()) return status;
  }
  return Status();
}

const ScaleGroup* Optimizer::group_of(const BitLinear* parameter) const {
  for (const ScaleGroup& group : model_.scale_groups())
    if (std::ranges::count(group.members(), parameter) > 0) return &group;
  return nullptr;
}

void Optimizer::start(Ops& ops, Arena& arena, float lambda) {
  for (ScaleGroup& group : model_.scale_groups()) {
    // A step of length 0 measures the shadows.
    for (const BitLinear* member : group.members())
      ops.sgd_update({.shadow = {.parameter = member->shadow, .sums = member->sums, .group_size = member->group_size},
                      .gradient = member->gradient,
                      .m = {},
                      .learning_rate = 0.0f});
    group.refresh(ops, arena);
  }
  model_.requantize(ops, lambda);
}

double Optimizer::gradient_norm(Ops& ops, Arena& arena) const {
  const auto n = static_cast<int64_t>(model_.parameters().size());
  const Tensor sums = arena.take({n});
  std::vector<float> values(static_cast<size_t>(n), 0.0f);
  if (!ops.ok()) return 0.0;
  ops.upload(sums, std::as_bytes(std::span(values)));
  for (int64_t i = 0; i < n; ++i)
    if (const BitLinear* p = model_.parameters()[static_cast<size_t>(i)]; p->trains())
      ops.sum_squares({.x = p->gradient, .sums = sums, .index = i});
  ops.download(sums, std::as_writable_bytes(std::span(values)));
  double total = 0;
  for (float value : values) total += value;
  return std::sqrt(total);
}

void Optimizer::update(Ops& ops, size_t index, const StepOptions& o, const ScaleGroup* group) const {
  const BitLinear& p = *model_.parameters()[index];
  const bool pack_now = group && group->running() && o.lambda >= 1.0f && !p.effective.data;
  const ShadowUpdate shadow = {.parameter = p.shadow,
                               .sums = p.sums,
                               .alpha = group ? group->alpha() : Tensor(),
                               .weight = pack_now ? p.packed : Weight(),
                               .flips = pack_now ? p.flips : Tensor(),
                               .group_size = p.group_size,
                               .rounding = options_.rounding,
                               .seed = options_.seed,
                               .step = static_cast<uint32_t>(o.step),
                               .stream = static_cast<uint32_t>(index),
                               .noise_scale = group ? o.noise_scale : 0.0f,
                               .noise_zone = options_.noise_zone};
  const float weight_decay = p.rows > 1 ? o.weight_decay : 0.0f;
  if (options_.kind == OptimizerKind::sgd) {
    ops.sgd_update({.shadow = shadow,
                    .gradient = p.gradient,
                    .m = p.m,
                    .learning_rate = o.learning_rate,
                    .momentum = options_.beta1,
                    .weight_decay = weight_decay,
                    .gradient_scale = o.gradient_scale});
    return;
  }
  const auto t = static_cast<double>(o.step);
  ops.adamw_update({.shadow = shadow,
                    .gradient = p.gradient,
                    .m = p.m,
                    .v = p.v,
                    .m_scales = p.m_scales,
                    .v_scales = p.v_scales,
                    .learning_rate = o.learning_rate,
                    .beta1 = options_.beta1,
                    .beta2 = options_.beta2,
                    .eps = options_.eps,
                    .weight_decay = weight_decay,
                    .correction1 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta1}, t))),
                    .correction2 = static_cast<float>(1.0 / (1.0 - std::pow(double{options_.beta2}, t))),
                    .gradient_scale = o.gradient_scale});
}

void Optimizer::step(Ops& ops, Arena& arena, const StepOptions& options) {
  const Ops::Label label(ops, "optimizer");
  for (size_t i = 0; i < model_.parameters().size(); ++i)
    if (model_.parameters()[i]->trains()) update(ops, i, options, group_of(model_.parameters()[i]));
  for (ScaleGroup& group : model_.scale_groups()) group.refresh(ops, arena);
  // Running alphas: the pass has packed already, except in the step that ends the warm start.
  const std::vector<BitLinear*>& all = model_.parameters();
  const bool softened =
      std::ranges::any_of(all, [](const BitLinear* p) { return static_cast<bool>(p->effective.data); });
  const bool running = !model_.scale_groups().empty() && model_.scale_groups().front().running();
  if (!running || softened || options.lambda < 1.0f) model_.requantize(ops, options.lambda);
}

uint64_t Optimizer::bytes() const {
  uint64_t total = 0;
  for (const BitLinear* p : model_.parameters())
    for (const Tensor* t : {&p->packed.data, &p->packed.scales, &p->shadow.data, &p->effective.data, &p->gradient,
                            &p->m, &p->v, &p->m_scales, &p->v_scales, &p->sums, &p->flips})
      if (*t) total += static_cast<uint64_t>(t->bytes());
  return total;
}

}  // namespace tritium::training
