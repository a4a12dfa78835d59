#include "train/scale_group.h"

namespace tritium::training {

Result<ScaleGroup> ScaleGroup::create(Allocator& allocator, std::vector<BitLinear*> members, int64_t n_scales,
                                      const ScaleOptions& options) {
  ScaleGroup group;
  group.alpha_ = allocator.tensor(members.front()->name + ".alpha", {n_scales});
  group.members_ = std::move(members);
  group.n_scales_ = n_scales;
  group.options_ = options;
  if (!allocator.ok()) return allocator.status();
  return group;
}

void ScaleGroup::refresh(Ops& ops, bool exact) {
  Tensor total;
  int64_t covered = 0;  // weights that one alpha covers
  for (const BitLinear* member : members_) {
    covered += member->elements() / n_scales_;
    if (members_.size() == 1) {
      total = member->sums;
      break;
    }
    const Tensor part = ops.temporary({n_scales_});
    ops(Absmean{.sums = member->sums, .alpha = part, .n_groups = n_scales_});
    if (total) ops(Add{.a = total, .b = part, .y = part});
    total = part;
  }
  ops(Absmean{.sums = total,
              .alpha = alpha_,
              .n_groups = n_scales_,
              .factor = 1.0f / static_cast<float>(covered),
              .momentum = exact ? 0.0f : options_.momentum,
              .round_to_f16 = options_.round_to_f16});
}

void ScaleGroup::ternarize(Ops& ops) const {
  for (const BitLinear* member : members_)
    ops(Ternarize{.parameter = member->shadow, .alpha = alpha_, .weight = member->packed, .flips = member->flips});
}

void ScaleGroup::soften(Ops& ops, float lambda, const Tensor& now) const {
  for (const BitLinear* member : members_)
    ops(FakeQuantize{.parameter = member->shadow,
                     .alpha = alpha_,
                     .y = member->effective,
                     .quantizer = Quantizer::ternary,
                     .group_size = member->group_size,
                     .lambda = lambda,
                     .now = now});
}

}  // namespace tritium::training
